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
  /** Where limits are kept: `sqlite:` and the path of a file, which the processes of a machine share, or `redis://` and a server, which machines share. The default is this process. */
  readonly store?: string;
}

/** What is asked about a context. */
export interface Question {
  /** The default is `request`. */
  readonly stage?: Stage;
  /** The time that conditions see: a Date, milliseconds since 1970, or RFC 3339 text. The default is now. */
  readonly now?: Date | number | string;
}

/** What became of what limits held for a request, when it was to be closed: see docs/node.md. */
export type Closed = 'done' | 'late' | 'already_settled' | 'already_released' | 'already_expired' | 'unknown' | 'nothing';

/** What a request used. What nobody says costs what was estimated. */
export interface Used {
  /** Its tokens; those that were cached are among the input, and those of reasoning among the output. */
  readonly usage?: {
    readonly input_tokens?: number;
    readonly output_tokens?: number;
    readonly cached_tokens?: number;
    readonly reasoning_tokens?: number;
  };
  /** The model that answered. */
  readonly model?: string;
  /** In dollars; it counts before what the tokens cost by the table of prices. */
  readonly cost?: number;
  /** With it, circuit breakers are told as by `observe`. */
  readonly outcome?: Outcome;
  readonly latency_ms?: number;
}

/** What became of a call: `failure` through no fault of the caller; `ignored` says nothing about the one who was called. */
export type Outcome = 'success' | 'failure' | 'ignored';

/** A circuit breaker that is switched off. */
export interface Switch {
  /** `namespace/document/breaker`. */
  readonly breaker: string;
  /** The values of its key; none: all of them. */
  readonly key: readonly string[];
  readonly reason: string;
  readonly until: Date | undefined;
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

/** A rule or a limit, and the document that it stands in. */
export interface Origin {
  readonly policy: string;
  readonly rule?: string;
  /** The limit, when it is no rule. */
  readonly limit?: string;
  /** The circuit breaker, when it is neither. */
  readonly breaker?: string;
}

/** An action that the host is asked to carry out. */
export interface Obligation extends Origin {
  readonly action: string;
  readonly params?: { readonly [name: string]: unknown };
}

/** A warning. */
export interface Warning extends Origin {
  readonly message: string;
}

/** An action that another one overrides. */
export interface Suppressed extends RuleName {
  readonly action: string;
  readonly target: string;
  readonly by: RuleName;
}

/** What went wrong in a rule or a limit. */
export interface RuleError extends Origin {
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
  /** Of a scan: the form of the text in which it was found. */
  readonly view?: string;
  /** Of a scan: what speaks for it. */
  readonly signs?: readonly string[];
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
  readonly limit?: string;
  readonly breaker?: string;
}

/** How a limit stands after a request; of one that was refused or only tried, how it would stand. Amounts are as `unit` says. */
export interface LimitState {
  readonly policy: string;
  readonly limit: string;
  readonly kind: 'budget' | 'quota' | 'rate' | 'concurrency' | 'open';
  readonly unit: 'USD' | 'tokens' | 'requests';
  /** Whom it counts for. */
  readonly key: readonly string[];
  /** What may be used at most at a time. */
  readonly amount: number;
  readonly used: number;
  /** Of what is used, what requests that are under way hold. */
  readonly reserved: number;
  readonly remaining: number;
  /** What is used, as a share of the amount: 0.5 is half, more than 1 when it was overdrawn. */
  readonly fraction: number;
  /** What this request costs, as it is estimated. */
  readonly cost: number;
  /** The request has room here. */
  readonly fits: boolean;
  /** When the limit counts anew, if its window has an end. */
  readonly resetsAt: Date | undefined;
  /** Milliseconds until the request would have room, where it has none and that can be said. */
  readonly retryAfterMs: number | undefined;
  /** The shares of the steps that are in force: 0.75 is 75%. */
  readonly reached: readonly number[];
  /** Of these, those that this request was the first to reach in this window: what an alert goes by. */
  readonly alerts: readonly number[];
  /** It is only observed. */
  readonly shadow: boolean;
}

/** What an engine has done since it was made, its exchanges among it. */
export interface Metrics {
  readonly decisions: { readonly [stage in Stage]: { readonly [effect in Effect]: number } };
  /** Evaluations that failed, by the error's code; for each the host had a deny. */
  readonly refused: { readonly [code: string]: number };
  /** Errors of rules, in all decisions. */
  readonly ruleErrors: number;
  readonly reloads: number;
  /** Reloads that changed nothing. */
  readonly refusedReloads: number;
  readonly auditRecorded: number;
  /** Audit records for which there was no room. */
  readonly auditDropped: number;
}

/** What is recorded of an evaluation. It holds nothing of the input. */
export interface AuditRecord {
  /** The process that wrote it. */
  readonly process: number;
  /** Counts the evaluations of this process and engine from 1. A number that is missing was dropped. */
  readonly sequence: number;
  readonly time: Date;
  readonly stage: Stage;
  readonly effect: Effect;
  readonly code?: string;
  readonly policy?: string;
  readonly rule?: string;
  readonly shadow?: Effect;
  /** How many rules failed. */
  readonly errors: number;
  readonly bundle: string;
  /** A digest of the input under the key of `auditStart`, where it came as JSON. */
  readonly input?: string;
}

/** What `Engine.auditDrain` takes out. */
export interface Drained {
  readonly records: readonly AuditRecord[];
  /** How many records were dropped since the last call for want of room. */
  readonly dropped: number;
  /** How many records still wait. */
  readonly waiting: number;
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
  /** The limit that decided, if one did. */
  get limit(): string | undefined;
  /** The circuit breaker that decided, if one did. */
  get breaker(): string | undefined;
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
  /** How each limit stands that applies, with this request. It is not in the canonical form, because it changes each time. */
  get limits(): readonly LimitState[];
  /** What limits hold for the request, for `Engine.settle`, here or in another process; undefined when nothing is held. */
  get hold(): string | undefined;
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

/** Policies, ready to decide. Every call but `reload` and making an engine takes microseconds and does not block, unless limits are kept in a `store`. */
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
  /** Decides about each context, in few calls of the addon. One that is refused is a deny in its place, and fails no other. */
  evaluateBatch(contexts: Iterable<Context | PreparedContext>, question?: Question): Decision[];
  /** Decides about a provider's own body. `host` is what the host says beside it: who asks above all. */
  evaluateBody(format: Format, body: Context, host?: Context, question?: Question): Decision;
  /** Decides as `evaluate` does, and takes nothing from limits: `limits` says how they would stand. */
  dryRun(context: Context, question?: Question): Decision;
  /**
   * Closes what limits hold for a request, with what it really used. Settling twice changes nothing, and says so.
   * @throws LimitsUnavailableError when the store cannot be asked; then it is still held
   */
  settle(hold: string, used?: Used): Closed;
  /** Gives back what limits hold for a request that was not sent. */
  release(hold: string): Closed;
  /** Lets what limits hold live on for another lease, ten minutes: for answers that take long. */
  extend(hold: string): Closed;
  /** As `dryRun`, about a provider's own body. */
  dryRunBody(format: Format, body: Context, host?: Context, question?: Question): Decision;
  /** Reports what became of a call that was allowed, to the circuit breakers that let it through: once for each call. */
  observe(hold: string, outcome: Outcome, options?: { readonly latencyMs?: number }): void;
  /**
   * Switches a circuit breaker off, for all of its keys or one, until `until` or until `switchOn`: nothing goes through it. Decisions
   * show `reason`. A switch is one of this engine and process.
   */
  switchOff(
    breaker: string,
    options: { readonly reason: string; readonly key?: readonly string[]; readonly until?: Date | number | string },
  ): void;
  switchOn(breaker: string, options?: { readonly key?: readonly string[] }): void;
  switches(): Switch[];
  /** What the engine has done since it was made. Counting is always on. */
  metrics(): Metrics;
  /**
   * From now on a record is kept for each evaluation of the engine and its exchanges, until `auditDrain` takes it. `capacity`
   * records (default 8,192) wait at most, of which a quarter is for denies; with `key`, what came as JSON leaves a keyed digest.
   */
  auditStart(options?: { readonly capacity?: number; readonly key?: Uint8Array }): void;
  /** No more records are kept, and those that wait are dropped: drain them first. */
  auditStop(): void;
  /** Takes out the oldest audit records, at most `most` (default 1,000). Nothing calls back: ask from time to time. */
  auditDrain(most?: number): Drained;
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
  /** What limits hold for the request that was allowed last, for `Engine.settle`; undefined when nothing is held. */
  get hold(): string | undefined;
  /** Closes what limits hold for the request: with `used`, or with what the answer says that was decided about. */
  settle(used?: Used): Closed;
  /** Closes what limits hold for the request, with what a provider's answer says; nothing is decided about it. */
  settleBody(format: Format, answer: Context): Closed;
  /** Gives back what limits hold for a request that was not sent. */
  release(): Closed;
  /** Reports what became of the call that was allowed last, to the circuit breakers that let it through. */
  observe(outcome: Outcome, options?: { readonly latencyMs?: number }): void;
  /**
   * Takes out of a body what the last decision says, its `redact` actions, and gives it back in the form in which it came. What is
   * taken out in the style `reversible` can be put back by `restore` and in the answer's stream.
   */
  redact<Body extends Context>(body: Body, options?: { readonly format?: Format }): Body;
  /** Puts values back into a text of the model's, where it wrote their placeholders. */
  restore(text: string): string;
  /** Begins the answer of this turn as a stream: of server-sent events in `format`, or of plain text. */
  stream(options?: { readonly format?: Format; readonly now?: Date | number | string }): AnswerStream;
  /** The exchange as text, for `Engine.resume`. It holds the bodies and who asks: keep it as you keep them. */
  save(): string;
}

/** One answer that streams: {@link Exchange.stream}. */
export class AnswerStream {
  private constructor();
  /** How the policies judge it: as it passes, when all of it has passed, or before anything passes. */
  get judged(): 'streamable' | 'at_end' | 'buffer';
  /** The next part of the answer, cut anywhere; gives what is safe to send on now, and whether the answer ends here. */
  push(part: string | Uint8Array): { readonly bytes: Buffer; readonly stopped: boolean };
  /** The end: what was held back and is safe, and the decision about the whole answer, or the one at which it was stopped. */
  finish(): { readonly bytes: Buffer; readonly decision: Decision };
  /** Ends the stream because nobody reads on. What came is counted, and `Exchange.settle` charges it. */
  abort(): void;
  /**
   * What of an answer is safe to show, in parts of the type that goes in. Throws `DeniedError`, `ThrottledError` or
   * `ApprovalRequiredError` where the answer is stopped, or at its end when it is refused. Whoever leaves off reading aborts the stream.
   */
  through<Part extends string | Uint8Array>(parts: AsyncIterable<Part> | Iterable<Part>): AsyncGenerator<Part, void, undefined>;
  /** The same for `pipeThrough` of web streams. */
  transform(): { readonly writable: WritableStream<any>; readonly readable: ReadableStream<any> };
}

/** What detectors look for; docs/detection.md has the names. */
export interface DetectorOptions {
  /** What the texts are; `chat` by default. */
  readonly profile?: 'chat' | 'code' | 'argument' | 'sql';
  /** The families of detectors that look. */
  readonly families?: readonly string[];
  /** Kinds that are looked for besides; without `families` only these. */
  readonly kinds?: readonly string[];
  /** The regions whose forms of numbers count. */
  readonly regions?: readonly string[];
  /** The lowest scores that count, from 0 to 1, by the name of a family or a kind. */
  readonly thresholds?: { readonly [name: string]: number };
  /** Your own patterns, by name: RE2. */
  readonly patterns?: { readonly [name: string]: string };
  /** Values that are no findings. */
  readonly allow?: readonly string[];
  /** So many bytes of a text are read; 1 MiB by default. */
  readonly maxBytes?: number;
  /** The secret that hashes of values are keyed with; a random one by default. */
  readonly key?: string;
}

/** What `Detector.scan` found. */
export interface Scan {
  readonly findings: readonly DetectorFinding[];
  /** Whether the whole text was read. Otherwise nobody knows what is in the rest. */
  readonly complete: boolean;
  readonly scanned: number;
  /** Bytes at the end that were not read. */
  readonly beyond: number;
}

/** Finds in texts what policies can ask about, and takes it out, without policies. */
export class Detector {
  constructor(options?: DetectorOptions | string | Uint8Array);
  /** What is found in a text: kinds and places, never the text itself. */
  scan(text: string): Scan;
  /**
   * A text, or a body, without what is found in it, in the form in which it came. A string is plain text unless there is a `format`:
   * `json`, or a provider's; an object is JSON, or a body in `format`.
   */
  redact<Body extends Context>(
    text: Body,
    options?: {
      readonly style?: 'label' | 'placeholder' | 'mask' | 'hash' | 'partial' | 'remove';
      readonly format?: Format | 'json';
      readonly stage?: 'request' | 'response';
    },
  ): Body;
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
