/** What a private key is bound to: sealed bytes moved to another key's place do not open. */
export function contextOf(kid: string): Readonly<Record<string, string>> {
  return { purpose: "access-token-signing", kid };
}
