import type { Context, Decision, Engine, Exchange, Format } from '../index.js';

/** How a guard is made. `Request` is what the framework calls a request. */
export interface GuardOptions<Request> {
  readonly engine: Engine;
  /** Says who asks: what the host has authenticated, such as `{user: {id: 'ann'}}`. Never take it from the body. */
  readonly identity: (request: Request) => Context | Promise<Context>;
  /** The format of the bodies; `openai-chat` when left out. */
  readonly format?: Format;
  /** False: answers go out unjudged. */
  readonly answers?: boolean;
  /**
   * Carries out what the policies ask for, `redact`, `set`, `custom`, or `route` to another provider, and gives the body to go on
   * with. Only needed for actions that the engine's `handles` names. A route to another model is carried out already.
   */
  readonly carryOut?: (decision: Decision, body: any, exchange: Exchange) => unknown;
  /** Sees every decision, allowed or not: for logs. */
  readonly onDecision?: (decision: Decision, exchange: Exchange) => void;
}

/** One turn, as a guard sees it. */
export interface Turn {
  /** For the other stages of the turn: tool calls and their results. */
  readonly exchange: Exchange;
  /** The decision about the request. */
  readonly decision: Decision | undefined;
  /**
   * Settles what limits hold, with what a provider's answer says that it used; without one, as it was estimated. The guards do so by
   * themselves when the answer goes out: this is for handlers that know better.
   */
  settle(answer?: Context): void;
  /** Gives back what limits hold for a request that was not sent. */
  release(): void;
}
