/** Why the local run does not start, in one line and with what to do about it. `exitCode` is 2 when it was asked for wrongly. */
export class CannotStart extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.name = "CannotStart";
    this.exitCode = exitCode;
  }
}
