import {
  AlgorithmSuiteIdentifier,
  buildDecrypt,
  buildEncrypt,
  CommitmentPolicy,
  type KeyringNode,
  KmsKeyringNode,
} from "@aws-crypto/client-node";
import { Unavailable } from "../core/errors.ts";
import { SealBroken, type Sealer } from "../core/sealing/index.ts";

/** No data key of ours is wrapped by more than one key: bytes that name more were not sealed here, and each would cost a call. */
const LIMITS = {
  commitmentPolicy: CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT,
  maxEncryptedDataKeys: 1,
};
const { encrypt } = buildEncrypt(LIMITS);
const { decrypt } = buildDecrypt(LIMITS);

/** Commits to its key; unsigned, since whoever may open may also seal. */
const SUITE = AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY;

/** Names, as the library's message quotes them, of what says nothing about the bytes: KMS did not answer, or not to us. */
const UNREACHABLE =
  /\b(Throttling|Timeout|KMSInternal|DependencyTimeout|ServiceUnavailable|ECONN|EPIPE|EAI_AGAIN)\w*[: ]/;
const REFUSED = /\b(AccessDenied|Disabled|KMSInvalidState|NotFound|CredentialsProvider)\w*[: ]/;

/**
 * Envelope encryption over `keyring`: a fresh data key for each seal, wrapped by the keyring's key, with the context as authenticated data.
 */
export function sealerOver(keyring: KeyringNode): Sealer {
  return {
    async seal(plaintext, context) {
      try {
        const options = { suiteId: SUITE, encryptionContext: { ...context } };
        const { result } = await encrypt(keyring, Buffer.from(plaintext), options);
        return result;
      } catch (error) {
        throw UNREACHABLE.test(String(error)) ? unreachable(error) : error;
      }
    },
    async open(sealed, context) {
      const { plaintext, messageHeader } = await decrypt(keyring, Buffer.from(sealed)).catch(
        (error: unknown) => {
          if (UNREACHABLE.test(String(error))) throw unreachable(error);
          throw REFUSED.test(String(error)) ? error : new SealBroken({ cause: error });
        },
      );
      // The library vouches for the context that the bytes name, and leaves it to us whether it is the one we mean.
      if (!sameContext(messageHeader.encryptionContext, context)) throw new SealBroken();
      return plaintext;
    },
  };
}

/** The sealer of deployed functions: data keys wrapped by one KMS key. */
export function openKmsSealer(keyArn: string): Sealer {
  return sealerOver(new KmsKeyringNode({ generatorKeyId: keyArn }));
}

function unreachable(cause: unknown): Unavailable {
  return Object.assign(new Unavailable("The key service can't be reached; try again."), { cause });
}

function sameContext(
  found: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): boolean {
  const names = Object.keys(wanted);
  return names.length === Object.keys(found).length && names.every((name) => found[name] === wanted[name]);
}
