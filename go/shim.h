// What Go calls: each function here is one call through cgo and puts several calls of the library together.
//
// The records lie in Go's memory, which may hold no C pointers as pointers: addresses are numbers.

#ifndef LLM_POLICY_GO_SHIM_H
#define LLM_POLICY_GO_SHIM_H

#include "llm_policy.h"

// What a call gives back beside its status. `text`, `len` and `capacity` are an lpe_buffer; `failure` is an lpe_error in C's
// memory. Both are freed with lpego_free.
typedef struct {
  uintptr_t failure;
  uintptr_t text;
  size_t len;
  size_t capacity;
} lpego_out;

// What is asked, of which engine or exchange. `with_text`: the canonical form of the decision is wanted.
typedef struct {
  uint64_t of;
  int64_t now_us;
  int32_t stage;
  int32_t with_text;
} lpego_question;

// A decision. Its text is in the caller's buffer when `out.text` is 0, else with the library. `limits` and `hold` have text where
// limits or breakers apply.
typedef struct {
  lpego_out out;
  lpego_out limits;
  lpego_out hold;
  lpe_decision decision;
  int32_t status;
} lpego_answer;

int32_t lpego_evaluate(const lpego_question *asked, const uint8_t *input, size_t len, uint8_t *buffer, size_t capacity,
                       lpego_answer *answer);
int32_t lpego_evaluate_prepared(const lpego_question *asked, uint64_t prepared, uint8_t *buffer, size_t capacity,
                                lpego_answer *answer);
int32_t lpego_evaluate_body(const lpego_question *asked, const uint8_t *format, size_t format_len, const uint8_t *body,
                            size_t body_len, const uint8_t *host, size_t host_len, uint8_t *buffer, size_t capacity,
                            lpego_answer *answer);
// Without a format, the body is a context.
int32_t lpego_exchange_evaluate(const lpego_question *asked, const uint8_t *format, size_t format_len, const uint8_t *body,
                                size_t body_len, uint8_t *buffer, size_t capacity, lpego_answer *answer);
// The inputs lie one behind the other in `inputs`; each ends at its entry of `ends`.
void lpego_evaluate_batch(const lpego_question *asked, const uint8_t *inputs, const size_t *ends, size_t count,
                          lpego_answer *answers);
int32_t lpego_explain(const lpego_question *asked, const uint8_t *input, size_t len, lpego_out *out);
int32_t lpego_explain_body(const lpego_question *asked, const uint8_t *format, size_t format_len, const uint8_t *body,
                           size_t body_len, const uint8_t *host, size_t host_len, lpego_out *out);
int32_t lpego_prepare(uint64_t engine, const uint8_t *input, size_t len, uint64_t *prepared, lpego_out *out);
int32_t lpego_exchange_begin(uint64_t engine, const uint8_t *host, size_t len, uint64_t *exchange, lpego_out *out);
int32_t lpego_exchange_resume(uint64_t engine, const uint8_t *state, size_t len, uint64_t *exchange, lpego_out *out);
int32_t lpego_exchange_save(uint64_t exchange, lpego_out *out);
int32_t lpego_exchange_bundle(uint64_t exchange, lpego_out *out);

// `store` is where limits are kept, as a URL, or empty.
int32_t lpego_open(const uint8_t *path, size_t len, const lpe_options *options, const uint8_t *store, size_t store_len,
                   uint64_t *engine, lpego_out *out);
int32_t lpego_reload_path(uint64_t engine, const uint8_t *path, size_t len, lpego_out *out);
int32_t lpego_validate_path(const uint8_t *path, size_t len, lpego_out *out);
// Names and texts of documents lie one behind the other in `bytes`; each name and each text ends at its entry of `ends`.
int32_t lpego_load(const uint8_t *bytes, const size_t *ends, size_t count, const lpe_options *options, const uint8_t *store,
                   size_t store_len, uint64_t *engine, lpego_out *out);
int32_t lpego_reload(uint64_t engine, const uint8_t *bytes, const size_t *ends, size_t count, lpego_out *out);
int32_t lpego_validate(const uint8_t *bytes, const size_t *ends, size_t count, lpego_out *out);
int32_t lpego_bundle(uint64_t engine, lpego_out *out);

int32_t lpego_dry_run(const lpego_question *asked, const uint8_t *input, size_t len, uint8_t *buffer, size_t capacity,
                      lpego_answer *answer);
int32_t lpego_settle(uint64_t engine, const uint8_t *hold, size_t hold_len, const uint8_t *used, size_t used_len, int32_t *closed,
                     lpego_out *out);
int32_t lpego_release(uint64_t engine, const uint8_t *hold, size_t len, int32_t *closed, lpego_out *out);
int32_t lpego_extend(uint64_t engine, const uint8_t *hold, size_t len, int32_t *closed, lpego_out *out);
int32_t lpego_observe(uint64_t engine, const uint8_t *hold, size_t hold_len, const uint8_t *outcome, size_t outcome_len,
                      lpego_out *out);
// `used` is null for what the answer says.
int32_t lpego_exchange_settle(uint64_t exchange, const uint8_t *used, size_t len, int32_t *closed, lpego_out *out);
int32_t lpego_exchange_release(uint64_t exchange, int32_t *closed, lpego_out *out);
int32_t lpego_exchange_observe(uint64_t exchange, const uint8_t *outcome, size_t len, lpego_out *out);
int32_t lpego_exchange_hold(uint64_t exchange, lpego_out *out);

int32_t lpego_switch_off(uint64_t engine, const uint8_t *breaker, size_t breaker_len, const uint8_t *key, size_t key_len,
                         const uint8_t *reason, size_t reason_len, int64_t until_us, lpego_out *out);
int32_t lpego_switch_on(uint64_t engine, const uint8_t *breaker, size_t breaker_len, const uint8_t *key, size_t key_len,
                        lpego_out *out);
int32_t lpego_switches(uint64_t engine, lpego_out *out);

int32_t lpego_detector_new(const uint8_t *options, size_t len, uint64_t *detector, lpego_out *out);
int32_t lpego_detector_scan(uint64_t detector, const uint8_t *bytes, size_t len, lpego_out *out);
int32_t lpego_detector_redact(uint64_t detector, const uint8_t *form, size_t form_len, const uint8_t *style, size_t style_len,
                              const uint8_t *bytes, size_t len, lpego_out *out);

// Without a format, the body is a context.
int32_t lpego_exchange_redact(uint64_t exchange, const uint8_t *format, size_t format_len, const uint8_t *body, size_t body_len,
                              lpego_out *out);
int32_t lpego_exchange_restore(uint64_t exchange, const uint8_t *bytes, size_t len, lpego_out *out);
int32_t lpego_stream_begin(const lpego_question *asked, const uint8_t *format, size_t len, uint64_t *stream, lpego_out *out);
int32_t lpego_stream_push(uint64_t stream, const uint8_t *chunk, size_t len, int32_t *stopped, lpego_out *out);
int32_t lpego_stream_finish(const lpego_question *asked, uint8_t *buffer, size_t capacity, lpego_answer *answer,
                            lpego_out *passed);
int32_t lpego_stream_abort(uint64_t stream, lpego_out *out);

int32_t lpego_metrics(uint64_t engine, lpego_out *out);
int32_t lpego_audit_start(uint64_t engine, uint32_t most, const uint8_t *key, size_t len, lpego_out *out);
int32_t lpego_audit_stop(uint64_t engine, lpego_out *out);
int32_t lpego_audit_drain(uint64_t engine, size_t most, lpego_out *out);

int32_t lpego_self_test_panic(lpego_out *out);
void lpego_free(lpego_out *out);

#endif
