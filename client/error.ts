/** What an error answer says (RFC 9457), as far as the answer had it. */
export interface Problem {
  readonly type?: string;
  readonly title?: string;
  readonly status?: number;
  readonly detail?: string;
  readonly instance?: string;
  readonly request_id?: string;
  readonly code?: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
  readonly [more: string]: unknown;
}

/** A call that did not succeed. */
export class ArxError extends Error {
  /** Of the answer; 0 when there was none. */
  readonly status: number;
  /** The problem's own code (`TOO_FAR`, …); `TIMEOUT` or `NETWORK` when there was no answer. */
  readonly code: string | undefined;
  readonly problem: Problem;

  constructor(status: number, problem: Problem, options: ErrorOptions & { readonly code?: string } = {}) {
    super(problem.detail ?? problem.title ?? `The server answered ${status}.`, options);
    this.name = "ArxError";
    this.status = status;
    this.code = options.code ?? problem.code;
    this.problem = problem;
  }

  get requestId(): string | undefined {
    return this.problem.request_id;
  }
}
