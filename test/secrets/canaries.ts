/** A secret that was driven through Arx, and where it may be seen. */
interface Canary {
  readonly kind: string;
  /** The part of it that must not be found: without what everybody may know, as a key's id. */
  readonly value: string;
  /** Texts in which it was shown by design: the one answer that gave it, and its repeats. */
  readonly shownIn: Set<string>;
}

/** A text that left Arx or stayed in it, and whence. */
export interface Trace {
  readonly from: string;
  readonly text: string;
}

/** Shorter ones would be found by chance. */
const LEAST = 8;

export class Canaries {
  readonly #known = new Map<string, Canary>();

  /**
   * Knows a secret from now on.
   *
   * @param shownIn the answer that gives it to its caller
   */
  learn(kind: string, secret: string, shownIn?: string): string {
    const value = secretPart(secret);
    if (value.length < LEAST) throw new Error(`${kind}: too short to be looked for`);
    const canary = this.#known.get(value) ?? { kind, value, shownIn: new Set<string>() };
    if (shownIn !== undefined) canary.shownIn.add(shownIn);
    this.#known.set(value, canary);
    return secret;
  }

  get kinds(): readonly string[] {
    return [...new Set([...this.#known.values()].map(({ kind }) => kind))].toSorted((a, b) =>
      a.localeCompare(b),
    );
  }

  get count(): number {
    return this.#known.size;
  }

  /** Where secrets are seen that must not be, in the clear or in a common encoding of it. */
  foundIn({ from, text }: Trace): string[] {
    const found: string[] = [];
    for (const { kind, value, shownIn } of this.#known.values()) {
      if (shownIn.has(text)) continue;
      for (const [form, written] of formsOf(value)) {
        const at = text.indexOf(written);
        if (at >= 0)
          found.push(`${kind} (${form}) in ${from}: ${text.slice(Math.max(0, at - 60), at + 12)}…`);
      }
    }
    return found;
  }
}

const forms = new Map<string, readonly (readonly [string, string])[]>();

function formsOf(value: string): readonly (readonly [string, string])[] {
  let known = forms.get(value);
  if (!known) {
    const bytes = Buffer.from(value);
    const written = {
      plain: value,
      hex: bytes.toString("hex"),
      percent: encodeURIComponent(value),
      json: JSON.stringify(value).slice(1, -1),
      ...base64Forms(bytes),
    };
    known = [...new Map(Object.entries(written).map(([form, text]) => [text, form]))].map(
      ([text, form]) => [form, text] as const,
    );
    forms.set(value, known);
  }
  return known;
}

/** However many bytes stand before it, it is one of three texts in base64, but for a digit at either end. */
function base64Forms(bytes: Buffer): Record<string, string> {
  const made: Record<string, string> = {};
  for (const before of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64url");
    const whole = text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    made[`base64url+${before}`] = whole;
    made[`base64+${before}`] = whole.replaceAll("-", "+").replaceAll("_", "/");
  }
  return made;
}

/** Of a credential, a token or a webhook's secret the part that nobody may know. */
function secretPart(text: string): string {
  const ours = /^arx_(?:key|node|join)_.*_([0-9A-Za-z]{43})_[0-9A-Za-z]{6}$/.exec(text);
  if (ours) return ours[1]!;
  const refresh = /^arx_(?:refresh_.*|ticket)_([A-Za-z0-9_-]{40,})$/.exec(text);
  if (refresh) return refresh[1]!;
  // The claims of a token are read by everybody who has it, and are worth nothing without its signature.
  if (text.startsWith("eyJ")) return text.split(".")[2]!;
  return text.replace(/^whsec_/, "");
}
