import { generateKeyPairSync, sign } from "node:crypto";

export interface KeyAndCertificate {
  /** PEM */
  readonly key: string;
  /** PEM, X.509 version 1, signed by its own key */
  readonly cert: string;
}

/** A certificate that no authority vouches for, made on the spot: no tool and no key file needed. */
export function selfSigned({
  name = "127.0.0.1",
  from = new Date("2020-01-01T00:00:00Z"),
  until = new Date("2049-12-31T23:59:59Z"),
} = {}): KeyAndCertificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const ecdsaWithSha256 = sequence(hex("06082a8648ce3d040302"));
  const subject = sequence(der(0x31, sequence(hex("0603550403"), der(0x0c, Buffer.from(name)))));
  const validity = sequence(utcTime(from), utcTime(until));
  const spki = publicKey.export({ type: "spki", format: "der" });
  const body = sequence(hex("020101"), ecdsaWithSha256, subject, validity, subject, spki);
  const signature = der(0x03, Buffer.from([0]), sign("sha256", body, privateKey));
  const certificate = sequence(body, ecdsaWithSha256, signature);
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${certificate.toString("base64")}\n-----END CERTIFICATE-----\n`,
  };
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const n = content.length;
  const length = n < 0x80 ? [n] : n < 0x100 ? [0x81, n] : [0x82, n >> 8, n & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, ...parts);
}

function hex(text: string): Buffer {
  return Buffer.from(text, "hex");
}

function utcTime(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]/g, "");
  return der(0x17, Buffer.from(`${digits.slice(2, 14)}Z`));
}
