export { authenticate } from "./authenticate.ts";
export {
  type Claim,
  createJoinToken,
  deleteJoinToken,
  joinedAs,
  joinWrites,
  listJoinTokens,
} from "./join.ts";
export {
  listNodeKeys,
  newNodeKey,
  revokeNodeKeys,
  rotateNodeKey,
  withoutNodeKeys,
} from "./node.ts";
export { createKey, deleteKey, listKeys } from "./service.ts";
