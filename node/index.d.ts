/** What is decided, weakest first: `allow`, `throttle`, `require_approval`, `deny`. */
export type Effect = 'allow' | 'throttle' | 'require_approval' | 'deny';

/** A stage of a turn: before the request goes to the model, before the answer goes to the user, before and after a tool runs. */
export type Stage = 'request' | 'response' | 'tool_call' | 'tool_result';

/** A provider's format of bodies: docs/providers.md. */
export type Format =
  | 'openai-chat'
  | 'openai-responses'
  | 'openai-completions'
  | 'openai-embeddings'
  | 'anthropic'
  | 'gemini'
  | 'bedrock'
  | 'mcp'
  | 'a2a';

/** An action that a host can carry out. */
export type HandledAction = 'redact' | 'set' | 'route' | 'require_approval' | 'custom';

/** A value that JSON can say; a bigint is a whole number, and a Date the text that JSON makes of it. */
export type Json = string | number | bigint | boolean | null | undefined | Date | readonly Json[] | { readonly [name: string]: Json };

/** A context: docs/context.md says which fields there are. JSON as text or bytes is a context, too. */
export type Context = object | string | Uint8Array;

/** A policy document: text, bytes, an object, or text or bytes under a name for messages. */
export type PolicyDocument = string | Uint8Array | { readonly name: string; readonly text: string | Uint8Array } | object;

/**
 * Where policies come from: the path of a file or a directory, or documents. A string of one line that does not begin with `{` is
 * a path.
 */
export type Policies = string | URL | PolicyDocument | readonly PolicyDocument[];

/** How an engine is made. */
export interface EngineOptions {
  /** The actions that the host carries out. What a policy makes mandatory and is not among them becomes a deny. */
  readonly handles?: readonly HandledAction[];
  /** True: what no policy decides about is allowed. The default is a deny. */
  readonly allowWithoutPolicy?: boolean;
}

/** What is asked about a context. */
export interface Question {
  /** The default is `request`. */
  readonly stage?: Stage;
  /** The time that conditions see: a Date, milliseconds since 1970, or RFC 3339 text. The default is now. */
  readonly now?: Date | number | string;
}

/** A rule, and the document that it stands in. */
export interface RuleName {
  readonly policy: string;
  readonly rule: string;
}

/** A rule that had a say. */
export interface MatchedRule extends RuleName {
  readonly actions: readonly string[];
  /** Its condition failed, so only what must not be lost applies. */
  readonly failed?: boolean;
  /** The exception that suspends it. */
  readonly exception?: string;
  /** The part of its rollout that the caller is in. */
  readonly variant?: string;
}

/** An action that the host is asked to carry out. */
export interface Obligation extends RuleName {
  readonly action: string;
  readonly params?: { readonly [name: string]: unknown };
}

/** A warning. */
export interface Warning extends RuleName {
  readonly message: string;
}

/** An action that another one overrides. */
export interface Suppressed extends RuleName {
  readonly action: string;
  readonly target: string;
  readonly by: RuleName;
}

/** What went wrong in a rule. */
export interface RuleError extends RuleName {
  readonly cause: string;
  readonly exception?: string;
  readonly clause?: string;
  readonly path?: string;
}

/** What a detector found for a rule that had a say; never the text itself. The spans are of the field's text. */
export interface DetectorFinding {
  readonly kind: string;
  readonly family: string;
  /** 0 to 1. */
  readonly score: number;
  readonly field?: string;
  readonly bytes?: readonly [start: number, end: number];
  /** In UTF-16 code units: `text.slice(...finding.utf16)`. */
  readonly utf16?: readonly [start: number, end: number];
  readonly chars?: readonly [start: number, end: number];
}

/** Where the request goes instead. */
export interface Route {
  readonly model?: string;
  readonly provider?: string;
}

/** What would have been decided with all rules in shadow in force. */
export interface Shadow {
  readonly effect: Effect;
  readonly reason: string;
  readonly code?: string;
  readonly policy?: string;
  readonly rule?: string;
}

/** What was decided. It does not change, and decisions that say the same may be the same object. */
export class Decision {
  private constructor();
  get effect(): Effect;
  /** True for the effect `allow` alone. A decision as such is always true in JavaScript: ask for this. */
  get allowed(): boolean;
  get stage(): Stage;
  /** Why, for operators; not for end users. */
  get reason(): string;
  /** A stable name of the reason, which end users may see. */
  get code(): string | undefined;
  /** What end users may read, if a rule says something to them. */
  get publicMessage(): string | undefined;
  get policy(): string | undefined;
  get rule(): string | undefined;
  get matched(): readonly MatchedRule[];
  /** What the host is asked to carry out, but for redactions. */
  get obligations(): readonly Obligation[];
  get redactions(): readonly Obligation[];
  get warnings(): readonly Warning[];
  get suppressed(): readonly Suppressed[];
  get errors(): readonly RuleError[];
  /** How many errors there were; `errors` lists 64 of them at most. */
  get errorCount(): number;
  get findings(): readonly DetectorFinding[];
  /** How many findings there were; `findings` may list fewer. */
  get findingCount(): number;
  get route(): Route | undefined;
  get retryAfterMs(): number | undefined;
  get approval(): Obligation | undefined;
  get shadow(): Shadow | undefined;
  /** The digest of the policies that decided: SHA-256, in hexadecimal. */
  get bundle(): string;
  /** The whole decision in canonical form (RFC 8785): the same bytes in every language. */
  get canonical(): string;
  /** Throws the error of the effect (`DeniedError`, `ThrottledError`, `ApprovalRequiredError`), unless it is `allow`. */
  throwUnlessAllowed(): this;
  toJSON(): { readonly [name: string]: unknown };
  toString(): string;
}

/** What is wrong, or odd, in a policy document. */
export interface Finding {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
  readonly code: string;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly help?: string;
}

/** What `Engine.validate` found out. */
export interface Validation {
  readonly valid: boolean;
  readonly documents: number;
  readonly rules: number;
  readonly findings: readonly Finding[];
  /** The digest, when the policies are valid. */
  readonly bundle?: string;
  /** What went wrong beside the documents. */
  readonly error?: { readonly code: string; readonly message: string; readonly help?: string };
}

/** What `Engine.explain` says: for operators; it shows values of the input. */
export interface Explanation {
  readonly decision: { readonly [name: string]: unknown };
  readonly rules: readonly { readonly [name: string]: unknown }[];
}

/** A context that was read once for many evaluations, for one engine and its policies of then. */
export class PreparedContext {
  private constructor();
  // Without it, anything would be one to TypeScript.
  readonly #private: unknown;
}

/** Policies, ready to decide. Every call but `reload` and making an engine takes microseconds and does not block. */
export class Engine {
  /** @throws InvalidPolicyError with all findings; UnreadableFileError; NoDocumentsError */
  constructor(policies: Policies, options?: EngineOptions);
  /** Checks policies, and says all that is wrong with them. */
  static validate(policies: Policies): Validation;
  /** The engine that another thread of this process shares under a number: see `share`. */
  static attach(number: string): Engine;
  /** The digest of the policies: SHA-256, in hexadecimal. */
  get bundle(): string;
  /**
   * Decides about a context.
   * @throws InvalidInputError when the context is refused as a whole; its `decision` is the deny that stands for it
   */
  evaluate(context: Context | PreparedContext, question?: Question): Decision;
  /** Reads a context once for many evaluations with this engine. After a reload it is stale: `StaleInputError`. */
  prepare(context: Context): PreparedContext;
  /** Decides about each context. One that is refused is a deny in its place, and fails no other. */
  evaluateBatch(contexts: Iterable<Context | PreparedContext>, question?: Question): Decision[];
  /** Decides about a provider's own body. `host` is what the host says beside it: who asks above all. */
  evaluateBody(format: Format, body: Context, host?: Context, question?: Question): Decision;
  /** Decides, and says of each rule and each clause why it did or did not match. */
  explain(context: Context, question?: Question): Explanation;
  /** As `explain`, about a provider's own body. */
  explainBody(format: Format, body: Context, host?: Context, question?: Question): Explanation;
  /** Begins an exchange: the stages of one turn, for the caller that `host` names. */
  exchange(host?: Context): Exchange;
  /** Goes on with an exchange that `Exchange.save` wrote. */
  resume(state: string): Exchange;
  /** Replaces the policies in one step, for all threads that share this engine. When they are refused, nothing changes. */
  reload(policies: Policies): readonly Finding[];
  /** A number under which other threads of this process can attach to this engine, until it is closed here. */
  share(): string;
  /** Closes the engine; what is called afterwards throws a `ClosedError`. */
  close(): void;
  /** As `close`, for `using`. */
  [Symbol.dispose](): void;
}

/** The stages of one turn, decided about by the policies that were there when it began, for one caller. */
export class Exchange {
  private constructor();
  /** The digest of the policies that decide. */
  get bundle(): string;
  /** Decides about what is new in a stage, such as `{response: {text: '...'}}`. */
  evaluate(body: Context, question?: Question): Decision;
  /** As `evaluate`, about a provider's own body. */
  evaluateBody(format: Format, body: Context, question?: Question): Decision;
  /** The exchange as text, for `Engine.resume`. It holds the bodies and who asks: keep it as you keep them. */
  save(): string;
}

/** What all errors of this package are. */
export class PolicyEngineError extends Error {
  protected constructor();
  /** A stable name: `invalid_input`. Of a refused request it is the decision's code. */
  readonly code: string;
  readonly help: string | undefined;
  /** The byte offset in the input that is refused, where there is one. */
  readonly offset: number | undefined;
  /** What is wrong with the policies. */
  readonly findings: readonly Finding[];
  /** The decision that stands for one that could not be made, or that refuses: never an allow. */
  readonly decision: Decision | undefined;
}
/** A bug of ours: something inside panicked. */
export class InternalError extends PolicyEngineError {}
/** A policy document is refused. */
export class InvalidPolicyError extends PolicyEngineError {}
/** A context or a body is refused as a whole. */
export class InvalidInputError extends PolicyEngineError {}
/** A file cannot be read. */
export class UnreadableFileError extends PolicyEngineError {}
/** There is no policy document where one was looked for. */
export class NoDocumentsError extends PolicyEngineError {}
/** A context was prepared for policies that have been replaced since. */
export class StaleInputError extends PolicyEngineError {}
/** A call that is wrong whatever the policies are. */
export class InvalidArgumentError extends PolicyEngineError {}
/** The engine is closed. */
export class ClosedError extends PolicyEngineError {}
/** The store of limits cannot be asked. */
export class LimitsUnavailableError extends PolicyEngineError {}
/** A request does not pass. */
export class RefusedError extends PolicyEngineError {
  readonly decision: Decision;
}
/** A request is denied. */
export class DeniedError extends RefusedError {}
/** A request is refused for a while: `decision.retryAfterMs`. */
export class ThrottledError extends RefusedError {}
/** A human is asked: `decision.approval`. */
export class ApprovalRequiredError extends RefusedError {}

/** Panics inside the addon on purpose, and throws the `InternalError` that becomes of it. */
export function selfTestPanic(): never;
/** The version of the package and its addon. */
export const version: string;
