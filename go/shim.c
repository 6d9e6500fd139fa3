#include "shim.h"

#include <stdlib.h>
#include <string.h>

// Runs `call`, in which `error` is the error record, and keeps what it says of a failure.
#define REPORTED(call)                      \
  lpe_error error = {0};                    \
  error.struct_size = sizeof error;         \
  int32_t status = (call);                  \
  if (status != LPE_OK) keep(&error, out);

static void keep(const lpe_error *error, lpego_out *out) {
  lpe_error *kept = malloc(sizeof *kept);
  if (kept != NULL) *kept = *error;
  out->failure = (uintptr_t)kept;
}

static void hand_out(const lpe_buffer *text, lpego_out *out) {
  out->text = (uintptr_t)text->ptr;
  out->len = text->len;
  out->capacity = text->capacity;
}

// As REPORTED, for what the library writes to `text`.
#define TEXT(call)          \
  lpe_buffer text = {0};    \
  REPORTED(call)            \
  hand_out(&text, out);     \
  return status;

void lpego_free(lpego_out *out) {
  lpe_buffer text = {(uint8_t *)out->text, out->len, out->capacity};
  if (out->text != 0) lpe_buffer_free(&text);
  if (out->failure != 0) {
    lpe_error_free((lpe_error *)out->failure);
    free((void *)out->failure);
  }
  memset(out, 0, sizeof *out);
}

// Hands out a text that few decisions have; nothing where it is as long as an empty one.
static void take_rare(lpe_detail detail, int32_t which, size_t empty, lpego_out *out) {
  lpe_buffer text = {0};
  if (lpe_detail_text(detail, which, &text, NULL) == LPE_OK && text.len > empty)
    hand_out(&text, out);
  else
    lpe_buffer_free(&text);
}

// Moves the canonical form of a decision to the caller's buffer; one that is longer stays with the library.
static void take_text(lpe_detail detail, uint8_t *buffer, size_t capacity, lpego_answer *answer) {
  lpego_out *out = &answer->out;
  if (detail == 0) return;
  lpe_buffer text = {0};
  if (lpe_detail_text(detail, LPE_TEXT_CANONICAL, &text, NULL) == LPE_OK) {
    if (text.len <= capacity) {
      memcpy(buffer, text.ptr, text.len);
      out->len = text.len;
      lpe_buffer_free(&text);
    } else {
      hand_out(&text, out);
    }
  }
  if (answer->decision.status == LPE_OK) take_rare(detail, LPE_TEXT_LIMITS, strlen("[]"), &answer->limits);
  if (answer->decision.allowed) take_rare(detail, LPE_TEXT_HOLD, 0, &answer->hold);
  lpe_detail_free(detail, NULL);
}

// Decides by `call`, in which `question`, `decision`, `detail` and `error` are what the library's functions want.
#define DECIDED(call)                                                     \
  memset(answer, 0, sizeof *answer);                                      \
  lpego_out *out = &answer->out;                                          \
  lpe_decision *decision = &answer->decision;                             \
  decision->struct_size = sizeof *decision;                               \
  lpe_question question = {sizeof question, asked->stage, asked->now_us}; \
  lpe_detail number = 0, *detail = asked->with_text ? &number : NULL;     \
  REPORTED(call)                                                          \
  take_text(number, buffer, capacity, answer);                            \
  answer->status = status;                                                \
  return status;

int32_t lpego_evaluate(const lpego_question *asked, const uint8_t *input, size_t len, uint8_t *buffer, size_t capacity,
                       lpego_answer *answer) {
  lpe_str json = {input, len};
  DECIDED(lpe_evaluate(asked->of, &question, json, decision, detail, &error))
}

int32_t lpego_evaluate_prepared(const lpego_question *asked, uint64_t prepared, uint8_t *buffer, size_t capacity,
                                lpego_answer *answer) {
  DECIDED(lpe_evaluate_prepared(asked->of, &question, prepared, decision, detail, &error))
}

int32_t lpego_evaluate_body(const lpego_question *asked, const uint8_t *format, size_t format_len, const uint8_t *body,
                            size_t body_len, const uint8_t *host, size_t host_len, uint8_t *buffer, size_t capacity,
                            lpego_answer *answer) {
  lpe_str name = {format, format_len}, json = {body, body_len}, beside = {host, host_len};
  DECIDED(lpe_evaluate_body(asked->of, &question, name, json, beside, decision, detail, &error))
}

int32_t lpego_exchange_evaluate(const lpego_question *asked, const uint8_t *format, size_t format_len, const uint8_t *body,
                                size_t body_len, uint8_t *buffer, size_t capacity, lpego_answer *answer) {
  lpe_str name = {format, format_len}, json = {body, body_len};
  DECIDED(format_len == 0
              ? lpe_exchange_evaluate(asked->of, &question, json, decision, detail, &error)
              : lpe_exchange_evaluate_body(asked->of, &question, name, json, decision, detail, &error))
}

void lpego_evaluate_batch(const lpego_question *asked, const uint8_t *inputs, const size_t *ends, size_t count,
                          lpego_answer *answers) {
  size_t from = 0;
  for (size_t at = 0; at < count; at++) {
    lpego_evaluate(asked, inputs + from, ends[at] - from, NULL, 0, &answers[at]);
    from = ends[at];
  }
}

int32_t lpego_explain(const lpego_question *asked, const uint8_t *input, size_t len, lpego_out *out) {
  lpe_question question = {sizeof question, asked->stage, asked->now_us};
  lpe_str json = {input, len};
  TEXT(lpe_explain(asked->of, &question, json, &text, &error))
}

int32_t lpego_explain_body(const lpego_question *asked, const uint8_t *format, size_t format_len, const uint8_t *body,
                           size_t body_len, const uint8_t *host, size_t host_len, lpego_out *out) {
  lpe_question question = {sizeof question, asked->stage, asked->now_us};
  lpe_str name = {format, format_len}, json = {body, body_len}, beside = {host, host_len};
  TEXT(lpe_explain_body(asked->of, &question, name, json, beside, &text, &error))
}

int32_t lpego_prepare(uint64_t engine, const uint8_t *input, size_t len, uint64_t *prepared, lpego_out *out) {
  lpe_str json = {input, len};
  REPORTED(lpe_prepare(engine, json, prepared, &error))
  return status;
}

int32_t lpego_exchange_begin(uint64_t engine, const uint8_t *host, size_t len, uint64_t *exchange, lpego_out *out) {
  lpe_str json = {host, len};
  REPORTED(lpe_exchange_begin(engine, json, exchange, &error))
  return status;
}

int32_t lpego_exchange_resume(uint64_t engine, const uint8_t *state, size_t len, uint64_t *exchange, lpego_out *out) {
  lpe_str json = {state, len};
  REPORTED(lpe_exchange_resume(engine, json, exchange, &error))
  return status;
}

int32_t lpego_exchange_save(uint64_t exchange, lpego_out *out) {
  TEXT(lpe_exchange_save(exchange, &text, &error))
}

int32_t lpego_exchange_bundle(uint64_t exchange, lpego_out *out) {
  TEXT(lpe_exchange_bundle(exchange, &text, &error))
}

int32_t lpego_open(const uint8_t *path, size_t len, const lpe_options *options, const uint8_t *store, size_t store_len,
                   uint64_t *engine, lpego_out *out) {
  lpe_str text = {path, len};
  lpe_options with = *options;
  with.store = (lpe_str){store, store_len};
  REPORTED(lpe_engine_open(text, &with, engine, &error))
  return status;
}

int32_t lpego_reload_path(uint64_t engine, const uint8_t *path, size_t len, lpego_out *out) {
  lpe_str text = {path, len};
  REPORTED(lpe_engine_reload_path(engine, text, &error))
  return status;
}

int32_t lpego_validate_path(const uint8_t *path, size_t len, lpego_out *out) {
  lpe_str at = {path, len};
  TEXT(lpe_validate_path(at, &text, &error))
}

static lpe_document *documents_in(const uint8_t *bytes, const size_t *ends, size_t count) {
  lpe_document *documents = calloc(count + 1, sizeof *documents);
  size_t from = 0;
  for (size_t at = 0; documents != NULL && at < count; at++) {
    size_t name = ends[2 * at], text = ends[2 * at + 1];
    documents[at].origin = (lpe_str){bytes + from, name - from};
    documents[at].text = (lpe_str){bytes + name, text - name};
    from = text;
  }
  return documents;
}

// As REPORTED, with `documents`.
#define WITH_DOCUMENTS(call)                                    \
  lpe_document *documents = documents_in(bytes, ends, count);   \
  REPORTED(call)                                                \
  free(documents);

int32_t lpego_load(const uint8_t *bytes, const size_t *ends, size_t count, const lpe_options *options, const uint8_t *store,
                   size_t store_len, uint64_t *engine, lpego_out *out) {
  lpe_options with = *options;
  with.store = (lpe_str){store, store_len};
  WITH_DOCUMENTS(lpe_engine_load(documents, count, &with, engine, &error))
  return status;
}

int32_t lpego_reload(uint64_t engine, const uint8_t *bytes, const size_t *ends, size_t count, lpego_out *out) {
  WITH_DOCUMENTS(lpe_engine_reload(engine, documents, count, &error))
  return status;
}

int32_t lpego_validate(const uint8_t *bytes, const size_t *ends, size_t count, lpego_out *out) {
  lpe_buffer text = {0};
  WITH_DOCUMENTS(lpe_validate(documents, count, &text, &error))
  hand_out(&text, out);
  return status;
}

int32_t lpego_bundle(uint64_t engine, lpego_out *out) {
  TEXT(lpe_engine_bundle(engine, &text, &error))
}

int32_t lpego_dry_run(const lpego_question *asked, const uint8_t *input, size_t len, uint8_t *buffer, size_t capacity,
                      lpego_answer *answer) {
  lpe_str json = {input, len};
  DECIDED(lpe_dry_run(asked->of, &question, json, decision, detail, &error))
}

int32_t lpego_settle(uint64_t engine, const uint8_t *hold, size_t hold_len, const uint8_t *used, size_t used_len, int32_t *closed,
                     lpego_out *out) {
  lpe_str held = {hold, hold_len}, json = {used, used_len};
  REPORTED(lpe_settle(engine, held, json, closed, &error))
  return status;
}

int32_t lpego_release(uint64_t engine, const uint8_t *hold, size_t len, int32_t *closed, lpego_out *out) {
  lpe_str held = {hold, len};
  REPORTED(lpe_release(engine, held, closed, &error))
  return status;
}

int32_t lpego_extend(uint64_t engine, const uint8_t *hold, size_t len, int32_t *closed, lpego_out *out) {
  lpe_str held = {hold, len};
  REPORTED(lpe_extend(engine, held, closed, &error))
  return status;
}

int32_t lpego_observe(uint64_t engine, const uint8_t *hold, size_t hold_len, const uint8_t *outcome, size_t outcome_len,
                      lpego_out *out) {
  lpe_str held = {hold, hold_len}, json = {outcome, outcome_len};
  REPORTED(lpe_observe(engine, held, json, &error))
  return status;
}

int32_t lpego_exchange_settle(uint64_t exchange, const uint8_t *used, size_t len, int32_t *closed, lpego_out *out) {
  lpe_str json = {used, len};
  REPORTED(lpe_exchange_settle(exchange, json, closed, &error))
  return status;
}

int32_t lpego_exchange_release(uint64_t exchange, int32_t *closed, lpego_out *out) {
  REPORTED(lpe_exchange_release(exchange, closed, &error))
  return status;
}

int32_t lpego_exchange_observe(uint64_t exchange, const uint8_t *outcome, size_t len, lpego_out *out) {
  lpe_str json = {outcome, len};
  REPORTED(lpe_exchange_observe(exchange, json, &error))
  return status;
}

int32_t lpego_exchange_hold(uint64_t exchange, lpego_out *out) {
  TEXT(lpe_exchange_hold(exchange, &text, &error))
}

int32_t lpego_switch_off(uint64_t engine, const uint8_t *breaker, size_t breaker_len, const uint8_t *key, size_t key_len,
                         const uint8_t *reason, size_t reason_len, int64_t until_us, lpego_out *out) {
  lpe_str name = {breaker, breaker_len}, parts = {key, key_len}, why = {reason, reason_len};
  REPORTED(lpe_switch_off(engine, name, parts, why, until_us, &error))
  return status;
}

int32_t lpego_switch_on(uint64_t engine, const uint8_t *breaker, size_t breaker_len, const uint8_t *key, size_t key_len,
                        lpego_out *out) {
  lpe_str name = {breaker, breaker_len}, parts = {key, key_len};
  REPORTED(lpe_switch_on(engine, name, parts, &error))
  return status;
}

int32_t lpego_switches(uint64_t engine, lpego_out *out) {
  TEXT(lpe_switches(engine, &text, &error))
}

int32_t lpego_detector_new(const uint8_t *options, size_t len, uint64_t *detector, lpego_out *out) {
  lpe_str json = {options, len};
  REPORTED(lpe_detector_new(json, detector, &error))
  return status;
}

int32_t lpego_detector_scan(uint64_t detector, const uint8_t *bytes, size_t len, lpego_out *out) {
  lpe_str whole = {bytes, len};
  TEXT(lpe_detector_scan(detector, whole, &text, &error))
}

int32_t lpego_detector_redact(uint64_t detector, const uint8_t *form, size_t form_len, const uint8_t *style, size_t style_len,
                              const uint8_t *bytes, size_t len, lpego_out *out) {
  lpe_str what = {form, form_len}, how = {style, style_len}, whole = {bytes, len};
  TEXT(lpe_detector_redact(detector, what, how, whole, &text, &error))
}

int32_t lpego_exchange_redact(uint64_t exchange, const uint8_t *format, size_t format_len, const uint8_t *body, size_t body_len,
                              lpego_out *out) {
  lpe_str name = {format, format_len}, json = {body, body_len};
  TEXT(lpe_exchange_redact(exchange, name, json, &text, &error))
}

int32_t lpego_exchange_restore(uint64_t exchange, const uint8_t *bytes, size_t len, lpego_out *out) {
  lpe_str whole = {bytes, len};
  TEXT(lpe_exchange_restore(exchange, whole, &text, &error))
}

int32_t lpego_stream_begin(const lpego_question *asked, const uint8_t *format, size_t len, uint64_t *stream, lpego_out *out) {
  lpe_question question = {sizeof question, asked->stage, asked->now_us};
  lpe_str name = {format, len};
  REPORTED(lpe_stream_begin(asked->of, &question, name, stream, &error))
  return status;
}

int32_t lpego_stream_push(uint64_t stream, const uint8_t *chunk, size_t len, int32_t *stopped, lpego_out *out) {
  lpe_str bytes = {chunk, len};
  TEXT(lpe_stream_push(stream, bytes, &text, stopped, &error))
}

static int32_t finish(const lpego_question *asked, lpe_buffer *rest, uint8_t *buffer, size_t capacity, lpego_answer *answer) {
  DECIDED(lpe_stream_finish(asked->of, rest, decision, detail, &error))
}

int32_t lpego_stream_finish(const lpego_question *asked, uint8_t *buffer, size_t capacity, lpego_answer *answer,
                            lpego_out *passed) {
  lpe_buffer rest = {0};
  int32_t status = finish(asked, &rest, buffer, capacity, answer);
  hand_out(&rest, passed);
  return status;
}

int32_t lpego_stream_abort(uint64_t stream, lpego_out *out) {
  REPORTED(lpe_stream_abort(stream, &error))
  return status;
}

int32_t lpego_metrics(uint64_t engine, lpego_out *out) {
  TEXT(lpe_metrics(engine, &text, &error))
}

int32_t lpego_audit_start(uint64_t engine, uint32_t most, const uint8_t *key, size_t len, lpego_out *out) {
  lpe_audit_options options = {sizeof options, most, {key, len}};
  REPORTED(lpe_audit_start(engine, &options, &error))
  return status;
}

int32_t lpego_audit_stop(uint64_t engine, lpego_out *out) {
  REPORTED(lpe_audit_stop(engine, &error))
  return status;
}

int32_t lpego_audit_drain(uint64_t engine, size_t most, lpego_out *out) {
  TEXT(lpe_audit_drain(engine, most, &text, &error))
}

int32_t lpego_self_test_panic(lpego_out *out) {
  REPORTED(lpe_self_test_panic(&error))
  return status;
}
