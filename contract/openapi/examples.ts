/** Fields of a request's body that its example shows beside those it requires, for endpoints that bring no example of their own. */
export const SHOWN: Readonly<Record<string, readonly string[]>> = {
  registerNode: ["location", "role", "labels", "region", "capacity"],
  createNode: ["location", "role", "labels", "region", "capacity"],
  registerNodeAsAdmin: ["location", "role", "labels", "region", "capacity", "auto_start"],
  updateNode: ["name", "capacity", "labels"],
  drainNode: ["deadline_s"],
  discoverNode: ["name", "location"],
};
