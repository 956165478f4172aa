/**
 * Keeps a secret at rest: what it seals only it can open, and only under the same context. The context is bound to the
 * ciphertext and not hidden by it, so it names what the secret belongs to (a node, a provider) and never a secret itself.
 */
export interface Sealer {
  /** The sealed form of `plaintext`, with the context bound to it. Two seals of one text differ. */
  seal(plaintext: Uint8Array, context: Readonly<Record<string, string>>): Promise<Uint8Array>;
  /**
   * The plaintext of what `seal` gave for the same context.
   * @throws {SealBroken} when the context differs, the bytes were changed, or another key sealed them.
   */
  open(sealed: Uint8Array, context: Readonly<Record<string, string>>): Promise<Uint8Array>;
}

/** Sealed bytes that this sealer, under this context, cannot vouch for. */
export class SealBroken extends Error {
  constructor(options?: ErrorOptions) {
    super("These sealed bytes do not open under this context and key.", options);
    this.name = "SealBroken";
  }
}
