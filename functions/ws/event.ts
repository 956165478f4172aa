/** What API Gateway tells of a WebSocket: the part of its events that is read. */
export interface SocketEvent {
  readonly requestContext: {
    readonly routeKey: string;
    readonly connectionId: string;
    readonly requestId: string;
  };
  /** With $connect alone. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly queryStringParameters?: Readonly<Record<string, string | undefined>> | null;
  /** With a message. */
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
}

export interface SocketAnswer {
  readonly statusCode: number;
  readonly body?: string;
}
