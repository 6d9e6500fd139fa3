/*
 * llm_policy.h: the C interface of the policy engine.
 *
 * Made from ffi/src by `cargo xtask gen`; do not edit.
 *
 * Every function returns LPE_OK (0) or another status, and takes an optional lpe_error that says more. What a function
 * puts out is set to deny, zero or empty on entry. Text goes in as borrowed lpe_str; it comes out as lpe_buffer, which
 * the caller frees. Objects are numbers; one that was closed is an error. All functions may be called from any thread,
 * also while another thread closes the object.
 */

#ifndef LLM_POLICY_H
#define LLM_POLICY_H

#include <stddef.h>
#include <stdint.h>

/**
 * Without an end.
 */
#define LPE_NEVER INT64_MAX

/**
 * The request passes.
 */
#define LPE_EFFECT_ALLOW 1

/**
 * The request is refused for a while.
 */
#define LPE_EFFECT_THROTTLE 2

/**
 * A human is asked.
 */
#define LPE_EFFECT_REQUIRE_APPROVAL 3

/**
 * The request is refused. Whatever is none of these, 0 among them, is to be read as this.
 */
#define LPE_EFFECT_DENY 4

/**
 * Why, for operators; not for end users.
 */
#define LPE_TEXT_REASON 1

/**
 * What end users may read; empty when no rule says something to them.
 */
#define LPE_TEXT_PUBLIC_MESSAGE 2

/**
 * A stable name of the reason, which end users may see; perhaps empty.
 */
#define LPE_TEXT_CODE 3

/**
 * The document that decided; perhaps empty.
 */
#define LPE_TEXT_POLICY 4

/**
 * The rule that decided; perhaps empty.
 */
#define LPE_TEXT_RULE 5

/**
 * What the host is asked to carry out, as a JSON list of objects with `action`, `params`, `policy`, and who
 * asks for it: `rule`, `limit` or `breaker`.
 */
#define LPE_TEXT_OBLIGATIONS 6

/**
 * The whole decision in canonical form (RFC 8785): the same bytes in every language.
 */
#define LPE_TEXT_CANONICAL 7

/**
 * How each limit stands that applies to the request, as a JSON list of objects with `policy`, `limit`, `kind`, `unit`, `key`,
 * `amount`, `used`, `reserved`, `remaining`, `cost`, `fits`, `reached`, `alerts`, and perhaps `resets_at`, `retry_after_ms`
 * and `shadow`. It varies from run to run, so it is no part of the canonical form.
 */
#define LPE_TEXT_LIMITS 8

/**
 * What is held for the request, for `lpe_settle`, `lpe_release`, `lpe_extend` and `lpe_observe`; empty when nothing is.
 */
#define LPE_TEXT_HOLD 9

/**
 * The limit that decided; perhaps empty.
 */
#define LPE_TEXT_LIMIT 10

/**
 * The circuit breaker that decided; perhaps empty.
 */
#define LPE_TEXT_BREAKER 11

/**
 * The host carries out `redact`.
 */
#define LPE_HANDLES_REDACT 1

/**
 * The host carries out `set`.
 */
#define LPE_HANDLES_SET 2

/**
 * The host carries out `route`.
 */
#define LPE_HANDLES_ROUTE 4

/**
 * The host carries out `require_approval`.
 */
#define LPE_HANDLES_REQUIRE_APPROVAL 8

/**
 * The host carries out `custom`.
 */
#define LPE_HANDLES_CUSTOM 16

/**
 * The call did what it says.
 */
#define LPE_OK 0

/**
 * A bug of this library: something inside panicked.
 */
#define LPE_INTERNAL_ERROR 1

/**
 * A policy document is refused.
 */
#define LPE_INVALID_POLICY 2

/**
 * An input is refused as a whole.
 */
#define LPE_INVALID_INPUT 3

/**
 * A file cannot be read.
 */
#define LPE_UNREADABLE_FILE 4

/**
 * There is no document where one was looked for.
 */
#define LPE_NO_DOCUMENTS 5

/**
 * An input was prepared for policies that have been replaced since.
 */
#define LPE_STALE_INPUT 6

/**
 * A call that is wrong whatever the policies are: a null pointer, an unknown stage, a record of the wrong size.
 */
#define LPE_INVALID_ARGUMENT 7

/**
 * A number that stands for no object: it was closed, or never was one.
 */
#define LPE_INVALID_HANDLE 8

/**
 * The store of limits cannot be asked.
 */
#define LPE_LIMITS_UNAVAILABLE 9

/**
 * Before the request goes to the model.
 */
#define LPE_STAGE_REQUEST 1

/**
 * Before the answer goes to the user.
 */
#define LPE_STAGE_RESPONSE 2

/**
 * Before a tool is called.
 */
#define LPE_STAGE_TOOL_CALL 3

/**
 * Before the tool's result goes to the model.
 */
#define LPE_STAGE_TOOL_RESULT 4

/**
 * The time that the machine's clock shows.
 */
#define LPE_NOW INT64_MIN

/**
 * It was open, and is closed now.
 */
#define LPE_CLOSED_DONE 1

/**
 * It had expired. What the request really cost stands now in place of what was charged then.
 */
#define LPE_CLOSED_LATE 2

/**
 * It was settled before; nothing was changed.
 */
#define LPE_CLOSED_ALREADY_SETTLED 3

/**
 * It was released before; nothing was changed.
 */
#define LPE_CLOSED_ALREADY_RELEASED 4

/**
 * It had expired, and that stays so.
 */
#define LPE_CLOSED_ALREADY_EXPIRED 5

/**
 * The store does not know it, or no longer; nothing was changed.
 */
#define LPE_CLOSED_UNKNOWN 6

/**
 * Nothing is held: no limit applied, or this exchange closed it before.
 */
#define LPE_CLOSED_NOTHING 7

/**
 * The version of this interface. Within it, functions and fields at the end of records are only ever added.
 */
#define LPE_ABI_VERSION 1

/**
 * An engine: policies, ready to decide. 0 is none.
 */
typedef uint64_t lpe_engine;

/**
 * Bytes that the caller lends for the time of a call: UTF-8 where text is meant, without a NUL at the end.
 * A null pointer is allowed when `len` is 0.
 */
typedef struct {
  /**
   * The first byte.
   */
  const uint8_t *ptr;
  /**
   * How many bytes.
   */
  size_t len;
} lpe_str;

/**
 * Bytes that the library made. Free them with `lpe_buffer_free`. They are UTF-8 and end with a NUL that `len` leaves out, so
 * text without NUL in it can be read as a C string.
 */
typedef struct {
  /**
   * The first byte; null when there are none.
   */
  uint8_t *ptr;
  /**
   * How many bytes.
   */
  size_t len;
  /**
   * How many the library has reserved.
   */
  size_t capacity;
} lpe_buffer;

/**
 * What went wrong. Set `struct_size` to `sizeof(lpe_error)` and the rest to zero; free it with `lpe_error_free` after a
 * call that failed.
 */
typedef struct {
  /**
   * `sizeof(lpe_error)`, set by the caller.
   */
  uint32_t struct_size;
  /**
   * The status that the call returned.
   */
  int32_t code;
  /**
   * For people, with excerpts of the policy documents that are refused. It shows no values of an input.
   */
  lpe_buffer message;
  /**
   * The same as JSON: `code`, `message`, and perhaps `help`, `offset` and `findings`.
   */
  lpe_buffer json;
} lpe_error;

/**
 * The stages of one turn, decided about by the policies that its engine had when it began, for one caller. It goes on when the
 * engine is reloaded or closed. 0 is none.
 */
typedef uint64_t lpe_exchange;

/**
 * A context under construction. Paths are names with dots between them, such as `user.id`. A field that is set again is
 * replaced. 0 is none.
 */
typedef uint64_t lpe_context;

/**
 * A decision's text and lists, kept until it is freed. 0 is none.
 */
typedef uint64_t lpe_detail;

/**
 * Detectors, made from options. 0 is none.
 */
typedef uint64_t lpe_detector;

/**
 * How an engine is made. Set `struct_size` to `sizeof(lpe_options)` and the rest to zero for the defaults.
 */
typedef struct {
  /**
   * `sizeof(lpe_options)`, set by the caller.
   */
  uint32_t struct_size;
  /**
   * The actions that the host carries out: `LPE_HANDLES_...`, joined. What a policy makes mandatory and is not among them
   * becomes a deny.
   */
  uint32_t handles;
  /**
   * Not 0: what no policy decides about is allowed. 0, the default: it is denied.
   */
  uint32_t allow_without_policy;
  /**
   * Where limits are kept, as a URL: `sqlite:` and the path of a file, which the processes of a machine share, or `redis://` and a
   * server, which machines share. Empty, the default, or `memory:`: in this process.
   */
  lpe_str store;
} lpe_options;

/**
 * A policy document in memory.
 */
typedef struct {
  /**
   * What messages call it, such as `security.yaml`.
   */
  lpe_str origin;
  /**
   * YAML or JSON.
   */
  lpe_str text;
} lpe_document;

/**
 * What is asked about an input. Set `struct_size` to `sizeof(lpe_question)`. A null pointer asks about a request, now.
 */
typedef struct {
  /**
   * `sizeof(lpe_question)`, set by the caller.
   */
  uint32_t struct_size;
  /**
   * `LPE_STAGE_...`.
   */
  int32_t stage;
  /**
   * The time that conditions see, in microseconds since 1970-01-01T00:00:00Z, or `LPE_NOW`.
   */
  int64_t now_us;
} lpe_question;

/**
 * A decision. Set `struct_size` to `sizeof(lpe_decision)` before the call. A call that fails leaves a deny here.
 */
typedef struct {
  /**
   * `sizeof(lpe_decision)`, set by the caller.
   */
  uint32_t struct_size;
  /**
   * `LPE_EFFECT_...`.
   */
  int32_t effect;
  /**
   * 1 for `LPE_EFFECT_ALLOW`, else 0.
   */
  int32_t allowed;
  /**
   * 0, or what went wrong so that this is a deny: for batches, where the call has one status only.
   */
  int32_t status;
  /**
   * What would be decided with all rules in shadow in force; 0 when no rule is.
   */
  int32_t shadow_effect;
  /**
   * How many rules had a say.
   */
  uint32_t matched;
  /**
   * How many actions the host is asked to carry out, redactions among them.
   */
  uint32_t obligations;
  /**
   * How many warnings there are.
   */
  uint32_t warnings;
  /**
   * How many rules failed.
   */
  uint32_t errors;
  /**
   * 1 when the request goes to another model: see `LPE_TEXT_CANONICAL`.
   */
  int32_t routed;
  /**
   * How long to wait when throttled, in milliseconds.
   */
  uint64_t retry_after_ms;
} lpe_decision;

/**
 * An input that was read. It belongs to the policies that its engine had then: after a reload, evaluating it is
 * `LPE_STALE_INPUT`. 0 is none.
 */
typedef uint64_t lpe_prepared;

/**
 * An answer that streams. 0 is none.
 */
typedef uint64_t lpe_stream;

/**
 * How audit records are kept. Set `struct_size` to `sizeof(lpe_audit_options)` and the rest to zero for the defaults.
 */
typedef struct {
  /**
   * `sizeof(lpe_audit_options)`, set by the caller.
   */
  uint32_t struct_size;
  /**
   * How many records wait at most; 0 is 8,192. A quarter of them is kept for denies; what finds no room is dropped and counted.
   */
  uint32_t capacity;
  /**
   * The key of the inputs' digests; empty: records have none.
   */
  lpe_str key;
} lpe_audit_options;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Reports what became of a call that was allowed, to the breakers that let it through. `hold` is the decision's `LPE_TEXT_HOLD`;
 * `outcome` is JSON: `{"outcome": "success", "latency_ms": 812}`, `{"outcome": "failure"}` for a call that failed or timed out
 * through no fault of the caller, `{"outcome": "ignored"}` for one that says nothing about the one who was called. Report each
 * call once; one that was not sent is released instead. `lpe_settle` takes the same words beside what was used.
 *
 * The caller's part:
 * `hold` and `outcome` lend bytes; `error` is null or points to an `lpe_error`.
 */
int32_t lpe_observe(lpe_engine engine,
                    lpe_str hold,
                    lpe_str outcome,
                    lpe_error *error);

/**
 * As `lpe_observe`, about the call that an exchange allowed last. What was reported before is not reported again.
 *
 * The caller's part:
 * As `lpe_observe`.
 */
int32_t lpe_exchange_observe(lpe_exchange exchange,
                             lpe_str outcome,
                             lpe_error *error);

/**
 * Switches a breaker off, as in an emergency or for maintenance: until `until_us` (microseconds since 1970-01-01T00:00:00Z, or
 * `LPE_NEVER`), or until `lpe_switch_on`, nothing goes through it for this key. `breaker` is its name, or
 * `namespace/document/breaker`; `key` is a JSON list with the values of its `key`, or empty for all of them. Decisions and
 * `lpe_switches` show `reason`. What was set before for the same is replaced. At most 4,096 switches are set at a time.
 *
 * The caller's part:
 * `breaker`, `key` and `reason` lend bytes; `error` is null or points to an `lpe_error`.
 */
int32_t lpe_switch_off(lpe_engine engine,
                       lpe_str breaker,
                       lpe_str key,
                       lpe_str reason,
                       int64_t until_us,
                       lpe_error *error);

/**
 * Takes back what `lpe_switch_off` set for the same breaker and key. Nothing happens when nothing is set.
 *
 * The caller's part:
 * `breaker` and `key` lend bytes; `error` is null or points to an `lpe_error`.
 */
int32_t lpe_switch_on(lpe_engine engine,
                      lpe_str breaker,
                      lpe_str key,
                      lpe_error *error);

/**
 * The switches that are set, as a JSON list of objects with `breaker`, `key`, `reason` and perhaps `until` (RFC 3339).
 *
 * The caller's part:
 * `switches` points to a buffer to be written; `error` is null or points to an `lpe_error`.
 */
int32_t lpe_switches(lpe_engine engine,
                     lpe_buffer *switches,
                     lpe_error *error);

/**
 * A context without fields.
 *
 * The caller's part:
 * `context` points to a number to be written; `error` is null or points to an `lpe_error`.
 */
int32_t lpe_context_new(lpe_context *context, lpe_error *error);

/**
 * Sets a field to text.
 *
 * The caller's part:
 * `path` and `text` lend UTF-8; `error` is null or points to an `lpe_error`.
 */
int32_t lpe_context_string(lpe_context context, lpe_str path, lpe_str text, lpe_error *error);

/**
 * Sets a field to a list of texts.
 *
 * The caller's part:
 * `path` lends UTF-8; `texts` points to `count` texts; `error` is null or points to an `lpe_error`.
 */
int32_t lpe_context_strings(lpe_context context,
                            lpe_str path,
                            const lpe_str *texts,
                            size_t count,
                            lpe_error *error);

/**
 * Sets a field to a whole number.
 *
 * The caller's part:
 * `path` lends UTF-8; `error` is null or points to an `lpe_error`.
 */
int32_t lpe_context_int(lpe_context context, lpe_str path, int64_t value, lpe_error *error);

/**
 * Sets a field to a number. One that is not finite is refused when the context is evaluated.
 *
 * The caller's part:
 * `path` lends UTF-8; `error` is null or points to an `lpe_error`.
 */
int32_t lpe_context_double(lpe_context context, lpe_str path, double value, lpe_error *error);

/**
 * Sets a field to true (not 0) or false (0).
 *
 * The caller's part:
 * `path` lends UTF-8; `error` is null or points to an `lpe_error`.
 */
int32_t lpe_context_bool(lpe_context context, lpe_str path, int32_t value, lpe_error *error);

/**
 * Frees a context.
 *
 * The caller's part:
 * `error` is null or points to an `lpe_error`.
 */
int32_t lpe_context_free(lpe_context context, lpe_error *error);

/**
 * A text of a decision: `which` is one of `LPE_TEXT_...`.
 *
 * The caller's part:
 * `text` points to a buffer to be written; `error` is null or points to an `lpe_error`.
 */
int32_t lpe_detail_text(lpe_detail detail, int32_t which, lpe_buffer *text, lpe_error *error);

/**
 * Frees a detail.
 *
 * The caller's part:
 * `error` is null or points to an `lpe_error`.
 */
int32_t lpe_detail_free(lpe_detail detail, lpe_error *error);

/**
 * Makes detectors. `options` is a JSON object, or empty; each part may be left out: `profile` (`chat`, `code`, `argument`, `sql`),
 * `families`, `kinds`, `regions`, `allow` (lists of texts), `thresholds` (scores from 0 to 1 by family or kind), `patterns`
 * (regular expressions by name), `max_bytes`, `key` (the secret that hashes are keyed with; random).
 *
 * The caller's part:
 * `options` lends bytes; `detector` points to a number to be written; `error` is null or points to an `lpe_error`.
 */
int32_t lpe_detector_new(lpe_str options,
                         lpe_detector *detector,
                         lpe_error *error);

/**
 * Finds in a text. `findings` gets a JSON object: `findings`, each with `family`, `kind`, `score` (0 to 100), and its place as
 * `[start, end]` in `bytes` of UTF-8, in `utf16` units and in `chars` (code points); `complete` is false when `beyond` bytes were
 * not read. It holds nothing of the text.
 *
 * The caller's part:
 * `text` lends bytes; `findings` points to a buffer to be written; `error` is null or points to an `lpe_error`.
 */
int32_t lpe_detector_scan(lpe_detector detector,
                          lpe_str text,
                          lpe_buffer *findings,
                          lpe_error *error);

/**
 * Takes out of a text what is found in it. `form` says what the text is: empty or `text`; `json`, whose texts, numbers and names
 * are redacted in place; or the name of a provider's format, whose body is a request, or an answer with `/response` behind the
 * name. `style` is `placeholder`, `label`, `mask`, `partial`, `hash` or `remove`.
 *
 * The caller's part:
 * `form`, `style` and `text` lend bytes; `redacted` points to a buffer to be written; `error` is null or points to an
 * `lpe_error`.
 */
int32_t lpe_detector_redact(lpe_detector detector,
                            lpe_str form,
                            lpe_str style,
                            lpe_str text,
                            lpe_buffer *redacted,
                            lpe_error *error);

/**
 * Frees detectors.
 *
 * The caller's part:
 * `error` is null or points to an `lpe_error`.
 */
int32_t lpe_detector_free(lpe_detector detector, lpe_error *error);

/**
 * Makes an engine from a file, or from all policy documents below a directory.
 *
 * The caller's part:
 * `path` lends UTF-8; `options` is null or points to options; `engine` points to a number to be written; `error` is null or
 * points to an `lpe_error`.
 */
int32_t lpe_engine_open(lpe_str path,
                        const lpe_options *options,
                        lpe_engine *engine,
                        lpe_error *error);

/**
 * Makes an engine from documents in memory. They cannot read tables from files.
 *
 * The caller's part:
 * `documents` points to `count` documents; the rest as `lpe_engine_open`.
 */
int32_t lpe_engine_load(const lpe_document *documents,
                        size_t count,
                        const lpe_options *options,
                        lpe_engine *engine,
                        lpe_error *error);

/**
 * Replaces the policies of an engine by those at `path`, in one step. When they are refused, nothing changes. Calls that are
 * under way go on with the policies that they began with.
 *
 * The caller's part:
 * As `lpe_engine_open`.
 */
int32_t lpe_engine_reload_path(lpe_engine engine,
                               lpe_str path,
                               lpe_error *error);

/**
 * As `lpe_engine_reload_path`, from documents in memory.
 *
 * The caller's part:
 * As `lpe_engine_load`.
 */
int32_t lpe_engine_reload(lpe_engine engine,
                          const lpe_document *documents,
                          size_t count,
                          lpe_error *error);

/**
 * Closes an engine. Calls that are under way in other threads finish; later ones fail.
 *
 * The caller's part:
 * `error` is null or points to an `lpe_error`.
 */
int32_t lpe_engine_close(lpe_engine engine, lpe_error *error);

/**
 * The digest of an engine's documents: SHA-256, in hexadecimal.
 *
 * The caller's part:
 * `digest` points to a buffer to be written, `error` as ever.
 */
int32_t lpe_engine_bundle(lpe_engine engine, lpe_buffer *digest, lpe_error *error);

/**
 * Checks the policy documents at `path` and reports as JSON: `valid`, `documents`, `rules`, and `findings`, each with `file`,
 * `line`, `column`, `code`, `severity`, `message` and perhaps `help`. Documents that are refused are no failure of the call.
 *
 * The caller's part:
 * `path` lends UTF-8, `report` points to a buffer to be written, `error` as ever.
 */
int32_t lpe_validate_path(lpe_str path,
                          lpe_buffer *report,
                          lpe_error *error);

/**
 * As `lpe_validate_path`, for documents in memory.
 *
 * The caller's part:
 * `documents` points to `count` documents, `report` to a buffer to be written, `error` as ever.
 */
int32_t lpe_validate(const lpe_document *documents,
                     size_t count,
                     lpe_buffer *report,
                     lpe_error *error);

/**
 * Frees what a call put into `error`, and empties it.
 *
 * The caller's part:
 * `error` is null, or points to an `lpe_error` that is as a call of this library left it, or zero but for its size.
 */
void lpe_error_free(lpe_error *error);

/**
 * The name of a status: `invalid_input`; `ok` for 0, and empty for what is no status. It lives for ever.
 */
lpe_str lpe_error_name(int32_t code);

/**
 * Decides about the context in `input`, which is JSON. When the call fails, `decision` is a deny.
 *
 * `detail` may be null. Otherwise it gets the number of the decision's text and lists, also when the input is refused; free
 * it with `lpe_detail_free`.
 *
 * The caller's part:
 * `question` is null or points to a question; `input` lends bytes; `decision` points to a record that begins with its size;
 * `detail` is null or points to a number to be written; `error` is null or points to an `lpe_error`.
 */
int32_t lpe_evaluate(lpe_engine engine,
                     const lpe_question *question,
                     lpe_str input,
                     lpe_decision *decision,
                     lpe_detail *detail,
                     lpe_error *error);

/**
 * As `lpe_evaluate`, about an input that was prepared: the fastest way.
 *
 * The caller's part:
 * As `lpe_evaluate`.
 */
int32_t lpe_evaluate_prepared(lpe_engine engine,
                              const lpe_question *question,
                              lpe_prepared prepared,
                              lpe_decision *decision,
                              lpe_detail *detail,
                              lpe_error *error);

/**
 * As `lpe_evaluate`, about a context that was built field by field.
 *
 * The caller's part:
 * As `lpe_evaluate`.
 */
int32_t lpe_evaluate_context(lpe_engine engine,
                             const lpe_question *question,
                             lpe_context context,
                             lpe_decision *decision,
                             lpe_detail *detail,
                             lpe_error *error);

/**
 * As `lpe_evaluate`, about a provider's own body. `format` is its name, such as `openai-chat` (docs/providers.md has all).
 *
 * `host` is what the host says beside it, a context in JSON, or empty: who asks above all, and what does not stand in the body.
 * Where both say a field, the host's counts; a body sets fields of the body only.
 *
 * The caller's part:
 * `format`, `body` and `host` lend bytes; the rest as `lpe_evaluate`.
 */
int32_t lpe_evaluate_body(lpe_engine engine,
                          const lpe_question *question,
                          lpe_str format,
                          lpe_str body,
                          lpe_str host,
                          lpe_decision *decision,
                          lpe_detail *detail,
                          lpe_error *error);

/**
 * Decides about `count` contexts in one call. `decisions` points to as many records, each with its size set, all the same; an
 * input that is refused is a deny whose `status` says so, and does not fail the call.
 *
 * The caller's part:
 * `inputs` and `decisions` point to `count` records each; the rest as `lpe_evaluate`.
 */
int32_t lpe_evaluate_batch(lpe_engine engine,
                           const lpe_question *question,
                           const lpe_str *inputs,
                           lpe_decision *decisions,
                           size_t count,
                           lpe_error *error);

/**
 * Decides about the context in `input` and says of each rule and each clause why it did or did not match, as JSON:
 * `decision`, and `rules` with their `clauses`. For operators; it shows values of the input.
 *
 * The caller's part:
 * `explanation` points to a buffer to be written; the rest as `lpe_evaluate`.
 */
int32_t lpe_explain(lpe_engine engine,
                    const lpe_question *question,
                    lpe_str input,
                    lpe_buffer *explanation,
                    lpe_error *error);

/**
 * As `lpe_explain`, about a provider's own body, which is given as to `lpe_evaluate_body`.
 *
 * The caller's part:
 * As `lpe_explain` and `lpe_evaluate_body`.
 */
int32_t lpe_explain_body(lpe_engine engine,
                         const lpe_question *question,
                         lpe_str format,
                         lpe_str body,
                         lpe_str host,
                         lpe_buffer *explanation,
                         lpe_error *error);

/**
 * Begins an exchange. `host` is what the host says, a context in JSON: who asks, and what it knows beside. No body can
 * change it.
 *
 * The caller's part:
 * `host` lends bytes; `exchange` points to a number to be written; `error` is null or points to an `lpe_error`.
 */
int32_t lpe_exchange_begin(lpe_engine engine,
                           lpe_str host,
                           lpe_exchange *exchange,
                           lpe_error *error);

/**
 * Goes on with an exchange that `lpe_exchange_save` wrote, here or in another process. The policies have to be the same.
 *
 * The caller's part:
 * `state` lends bytes; the rest as `lpe_exchange_begin`.
 */
int32_t lpe_exchange_resume(lpe_engine engine,
                            lpe_str state,
                            lpe_exchange *exchange,
                            lpe_error *error);

/**
 * As `lpe_evaluate`, about the next stage. `body` is a context in JSON with what is new: `{"request": {...}}`,
 * `{"response": {...}}`. It replaces what an earlier stage said under the same name; what the host said stays. When the call
 * fails, the exchange is as before.
 *
 * The caller's part:
 * `body` lends bytes; the rest as `lpe_evaluate`.
 */
int32_t lpe_exchange_evaluate(lpe_exchange exchange,
                              const lpe_question *question,
                              lpe_str body,
                              lpe_decision *decision,
                              lpe_detail *detail,
                              lpe_error *error);

/**
 * As `lpe_exchange_evaluate`, about a provider's own body; `format` is its name, such as `openai-chat`.
 *
 * The caller's part:
 * `format` and `body` lend bytes; the rest as `lpe_evaluate`.
 */
int32_t lpe_exchange_evaluate_body(lpe_exchange exchange,
                                   const lpe_question *question,
                                   lpe_str format,
                                   lpe_str body,
                                   lpe_decision *decision,
                                   lpe_detail *detail,
                                   lpe_error *error);

/**
 * The exchange as text, for `lpe_exchange_resume`. It holds the bodies and who asks: keep it as you keep them, and let nobody
 * else write it.
 *
 * The caller's part:
 * `state` points to a buffer to be written; `error` is null or points to an `lpe_error`.
 */
int32_t lpe_exchange_save(lpe_exchange exchange,
                          lpe_buffer *state,
                          lpe_error *error);

/**
 * The digest of the documents that decide in an exchange: SHA-256, in hexadecimal.
 *
 * The caller's part:
 * `digest` points to a buffer to be written; `error` is null or points to an `lpe_error`.
 */
int32_t lpe_exchange_bundle(lpe_exchange exchange, lpe_buffer *digest, lpe_error *error);

/**
 * Frees an exchange.
 *
 * The caller's part:
 * `error` is null or points to an `lpe_error`.
 */
int32_t lpe_exchange_free(lpe_exchange exchange, lpe_error *error);

/**
 * As `lpe_evaluate`, and takes nothing from limits: `LPE_TEXT_LIMITS` says what would be.
 *
 * The caller's part:
 * As `lpe_evaluate`.
 */
int32_t lpe_dry_run(lpe_engine engine,
                    const lpe_question *question,
                    lpe_str input,
                    lpe_decision *decision,
                    lpe_detail *detail,
                    lpe_error *error);

/**
 * Closes what is reserved for a request, with what it really used. `hold` is the decision's `LPE_TEXT_HOLD`; `used` is JSON:
 * `{"usage": {"input_tokens": 420, "output_tokens": 128}, "model": "gpt-4o", "cost": 0.01}`, of which each part may be left
 * out. `closed` gets one of `LPE_CLOSED_...`. Settling twice changes nothing. With `outcome`, and perhaps `latency_ms`, circuit
 * breakers are told as by `lpe_observe`.
 *
 * The caller's part:
 * `hold` and `used` lend bytes; `closed` points to a number to be written; `error` is null or points to an `lpe_error`.
 */
int32_t lpe_settle(lpe_engine engine,
                   lpe_str hold,
                   lpe_str used,
                   int32_t *closed,
                   lpe_error *error);

/**
 * Gives back what is reserved for a request that was not sent; the rest as `lpe_settle`.
 *
 * The caller's part:
 * As `lpe_settle`.
 */
int32_t lpe_release(lpe_engine engine, lpe_str hold, int32_t *closed, lpe_error *error);

/**
 * Lets what is reserved live on for another lease, ten minutes: for answers that take long; the rest as `lpe_settle`.
 *
 * The caller's part:
 * As `lpe_settle`.
 */
int32_t lpe_extend(lpe_engine engine,
                   lpe_str hold,
                   int32_t *closed,
                   lpe_error *error);

/**
 * Closes what is reserved for the request of an exchange; `used` as for `lpe_settle`. Without bytes (a null pointer), it is what
 * the answer says that was decided about, `response.usage`.
 *
 * The caller's part:
 * As `lpe_settle`.
 */
int32_t lpe_exchange_settle(lpe_exchange exchange,
                            lpe_str used,
                            int32_t *closed,
                            lpe_error *error);

/**
 * Closes what is reserved for the request of an exchange with what a provider's answer says that it used, without deciding about
 * the answer; `format` is its name, such as `openai-chat`.
 *
 * The caller's part:
 * `format` and `answer` lend bytes; the rest as `lpe_settle`.
 */
int32_t lpe_exchange_settle_body(lpe_exchange exchange,
                                 lpe_str format,
                                 lpe_str answer,
                                 int32_t *closed,
                                 lpe_error *error);

/**
 * Gives back what is reserved for a request of an exchange that was not sent.
 *
 * The caller's part:
 * As `lpe_settle`.
 */
int32_t lpe_exchange_release(lpe_exchange exchange, int32_t *closed, lpe_error *error);

/**
 * What is reserved for the request of an exchange that was allowed last; empty when nothing is.
 *
 * The caller's part:
 * `hold` points to a buffer to be written; `error` is null or points to an `lpe_error`.
 */
int32_t lpe_exchange_hold(lpe_exchange exchange, lpe_buffer *hold, lpe_error *error);

/**
 * Frees what the library put into `buffer`, and empties it. Nothing happens when it is empty or null.
 *
 * The caller's part:
 * `buffer` is null, or points to a buffer that this library filled, or that is all zero.
 */
void lpe_buffer_free(lpe_buffer *buffer);

/**
 * Reads the context in `input`, which is JSON, once for many evaluations.
 *
 * The caller's part:
 * `input` lends bytes; `prepared` points to a number to be written; `error` is null or points to an `lpe_error`.
 */
int32_t lpe_prepare(lpe_engine engine,
                    lpe_str input,
                    lpe_prepared *prepared,
                    lpe_error *error);

/**
 * Reads a context that was built field by field, once for many evaluations.
 *
 * The caller's part:
 * `prepared` points to a number to be written; `error` is null or points to an `lpe_error`.
 */
int32_t lpe_prepare_context(lpe_engine engine,
                            lpe_context context,
                            lpe_prepared *prepared,
                            lpe_error *error);

/**
 * Frees a prepared input.
 *
 * The caller's part:
 * `error` is null or points to an `lpe_error`.
 */
int32_t lpe_prepared_free(lpe_prepared prepared, lpe_error *error);

/**
 * Takes out of a body what the last decision of an exchange says, its `redact` actions. `format` is the name of the body's format,
 * or empty for a context in JSON; what comes out is of the same form. What is taken out in the style `reversible` can be put back
 * by `lpe_exchange_restore`, and in the answer's stream; the values are kept in the exchange, and in what `lpe_exchange_save` writes,
 * in clear.
 *
 * The caller's part:
 * `format` and `body` lend bytes; `redacted` points to a buffer to be written; `error` is null or points to an `lpe_error`.
 */
int32_t lpe_exchange_redact(lpe_exchange exchange,
                            lpe_str format,
                            lpe_str body,
                            lpe_buffer *redacted,
                            lpe_error *error);

/**
 * Puts values back into a text of the model, where it wrote their placeholders. Nothing is put into URLs.
 *
 * The caller's part:
 * `text` lends bytes; `restored` points to a buffer to be written; `error` is null or points to an `lpe_error`.
 */
int32_t lpe_exchange_restore(lpe_exchange exchange,
                             lpe_str text,
                             lpe_buffer *restored,
                             lpe_error *error);

/**
 * Begins the answer of an exchange's turn as a stream. `format` is the name of the format whose server-sent events go in and come out
 * (`openai-chat`, `openai-responses`, `anthropic`), or empty for plain text. Of `question` only the time counts.
 *
 * The caller's part:
 * `question` is null or points to a question; `format` lends bytes; `stream` points to a number to be written; `error` is null or
 * points to an `lpe_error`.
 */
int32_t lpe_stream_begin(lpe_exchange exchange,
                         const lpe_question *question,
                         lpe_str format,
                         lpe_stream *stream,
                         lpe_error *error);

/**
 * Takes the next bytes of the answer, cut anywhere, and gives what is safe to send on now: often nothing. `stopped` gets 1 when the
 * answer ends here, and 0 when it goes on; a call that fails leaves 1. Send on what came out, then read no further:
 * `lpe_stream_finish` says why.
 *
 * The caller's part:
 * `chunk` lends bytes; `passed` points to a buffer and `stopped` to a number to be written; `error` is null or points to an
 * `lpe_error`.
 */
int32_t lpe_stream_push(lpe_stream stream,
                        lpe_str chunk,
                        lpe_buffer *passed,
                        int32_t *stopped,
                        lpe_error *error);

/**
 * Ends the answer: gives what was held back, and the decision about the whole answer, or the one at which it was stopped. Nothing comes
 * out of an answer that is refused. `decision` and `detail` are as for `lpe_evaluate`. Once more, it is the same decision.
 *
 * The caller's part:
 * `passed` points to a buffer to be written; the rest as `lpe_evaluate`.
 */
int32_t lpe_stream_finish(lpe_stream stream,
                          lpe_buffer *passed,
                          lpe_decision *decision,
                          lpe_detail *detail,
                          lpe_error *error);

/**
 * Ends the answer because nobody reads on: what was held back is dropped, and the tokens that came are counted, so that
 * `lpe_exchange_settle` closes what is reserved with them.
 *
 * The caller's part:
 * `error` is null or points to an `lpe_error`.
 */
int32_t lpe_stream_abort(lpe_stream stream,
                         lpe_error *error);

/**
 * Frees a stream.
 *
 * The caller's part:
 * `error` is null or points to an `lpe_error`.
 */
int32_t lpe_stream_free(lpe_stream stream, lpe_error *error);

/**
 * The version of the interface that the library was built with: compare it with `LPE_ABI_VERSION` before anything else.
 */
uint32_t lpe_abi_version(void);

/**
 * The version of the library: `0.1.0`. It lives for ever.
 */
lpe_str lpe_version(void);

/**
 * Panics inside the library on purpose, so that whoever ships it can prove that a panic stays inside: the call returns
 * `LPE_INTERNAL_ERROR`.
 *
 * The caller's part:
 * `error` is null, or points to an `lpe_error` that begins with its size.
 */
int32_t lpe_self_test_panic(lpe_error *error);

/**
 * The counters of an engine, its exchanges among it, since it was made, as JSON: `decisions` by stage and effect, `refused` by
 * error, `rule_errors`, `reloads`, `refused_reloads`, `audit_recorded`, `audit_dropped`.
 *
 * The caller's part:
 * `metrics` points to a buffer to be written; `error` is null or points to an `lpe_error`.
 */
int32_t lpe_metrics(lpe_engine engine,
                    lpe_buffer *metrics,
                    lpe_error *error);

/**
 * From now on a record is kept for each evaluation, until `lpe_audit_drain` takes it. What was kept before is dropped.
 *
 * The caller's part:
 * `options` is null or points to options, whose key lends bytes; `error` is null or points to an `lpe_error`.
 */
int32_t lpe_audit_start(lpe_engine engine,
                        const lpe_audit_options *options,
                        lpe_error *error);

/**
 * No more records are kept, and those that wait are dropped.
 *
 * The caller's part:
 * `error` is null or points to an `lpe_error`.
 */
int32_t lpe_audit_stop(lpe_engine engine, lpe_error *error);

/**
 * Takes out the oldest records, at most `most`, as JSON: `records`, `dropped` (how many found no room since the last call) and
 * `waiting`. A record has `process`, `sequence`, `time`, `stage`, `effect`, `errors`, `bundle`, and where there are such `code`,
 * `policy`, `rule`, `shadow` and `input`, a keyed digest. It has no content.
 *
 * The caller's part:
 * `records` points to a buffer to be written; `error` is null or points to an `lpe_error`.
 */
int32_t lpe_audit_drain(lpe_engine engine,
                        size_t most,
                        lpe_buffer *records,
                        lpe_error *error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* LLM_POLICY_H */
