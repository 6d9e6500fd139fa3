/* Calls every function of the interface from C once, and in wrong ways: nothing may crash, leak, or allow. */
#define _POSIX_C_SOURCE 200809L
#include <llm_policy.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(condition)                                                 \
  do {                                                                   \
    if (!(condition)) {                                                  \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);    \
      exit(1);                                                           \
    }                                                                    \
  } while (0)

static lpe_str text(const char *c) { return (lpe_str){(const uint8_t *)c, strlen(c)}; }

static const char POLICY[] =
    "{version: '1.0', metadata: {name: a}, config: {default_action: allow}, rules: ["
    "{id: r, when: \"request.model == 'x'\", actions: [{type: deny, reason: not x, public_message: sorry}]}]}";

/* A child process has audit records of its own, and does not get those of its parent. */
static void child_has_its_own_records(lpe_engine engine) {
  lpe_decision decision = {.struct_size = sizeof decision};
  lpe_buffer records = {0};
  lpe_audit_drain(engine, 9, &records, NULL);
  lpe_buffer_free(&records);
  CHECK(lpe_evaluate(engine, NULL, text("{}"), &decision, NULL, NULL) == LPE_OK);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    char mine[64];
    snprintf(mine, sizeof mine, "{\"records\":[{\"process\":%d,\"sequence\":1,", (int)getpid());
    lpe_evaluate(engine, NULL, text("{}"), &decision, NULL, NULL);
    lpe_audit_drain(engine, 9, &records, NULL);
    int right = strncmp((char *)records.ptr, mine, strlen(mine)) == 0 && strstr((char *)records.ptr, "\"waiting\":0}");
    _exit(right ? 0 : 1);
  }
  int ended = 0;
  CHECK(waitpid(child, &ended, 0) == child && ended == 0);
  CHECK(lpe_audit_drain(engine, 9, &records, NULL) == LPE_OK && strstr((char *)records.ptr, "\"sequence\":4,"));
  lpe_buffer_free(&records);
}

/* With an argument nothing is forked: a checker of memory would find in the child what its parent still holds. */
int main(int argc, char **argv) {
  (void)argv;
  lpe_error error = {.struct_size = sizeof error};
  CHECK(lpe_abi_version() == LPE_ABI_VERSION);
  CHECK(lpe_version().len >= 5);
  CHECK(lpe_error_name(LPE_INVALID_INPUT).len == strlen("invalid_input"));

  /* A document that is refused is shown. */
  lpe_document broken = {text("a.yaml"), text("version: '1.0'\nruels: []\n")};
  lpe_engine engine = 77;
  CHECK(lpe_engine_load(&broken, 1, NULL, &engine, &error) == LPE_INVALID_POLICY);
  CHECK(engine == 0 && strstr((char *)error.message.ptr, "a.yaml:2:1") != NULL);
  lpe_error_free(&error);
  lpe_buffer report = {0};
  CHECK(lpe_validate(&broken, 1, &report, &error) == LPE_OK);
  CHECK(strstr((char *)report.ptr, "\"valid\":false") != NULL);
  lpe_buffer_free(&report);
  CHECK(lpe_validate_path(text("/no/such"), &report, &error) == LPE_UNREADABLE_FILE);
  lpe_error_free(&error);

  lpe_document good = {text("a.yaml"), text(POLICY)};
  lpe_options options = {.struct_size = sizeof options, .handles = LPE_HANDLES_REDACT | LPE_HANDLES_ROUTE};
  CHECK(lpe_engine_load(&good, 1, &options, &engine, &error) == LPE_OK);
  lpe_buffer digest = {0};
  CHECK(lpe_engine_bundle(engine, &digest, &error) == LPE_OK && digest.len == 64);
  lpe_buffer_free(&digest);

  /* JSON, prepared, built, batch, explained. */
  lpe_decision decision = {.struct_size = sizeof decision};
  lpe_detail detail = 0;
  CHECK(lpe_evaluate(engine, NULL, text("{\"request\": {\"model\": \"x\"}}"), &decision, &detail, &error) == LPE_OK);
  CHECK(decision.effect == LPE_EFFECT_DENY && !decision.allowed && decision.matched == 1);
  for (int32_t which = LPE_TEXT_REASON; which <= LPE_TEXT_CANONICAL; which++) {
    lpe_buffer out = {0};
    CHECK(lpe_detail_text(detail, which, &out, &error) == LPE_OK);
    lpe_buffer_free(&out);
  }
  CHECK(lpe_detail_free(detail, NULL) == LPE_OK);
  CHECK(lpe_detail_free(detail, &error) == LPE_INVALID_HANDLE);
  lpe_error_free(&error);

  lpe_prepared prepared = 0;
  CHECK(lpe_prepare(engine, text("{\"request\": {\"model\": \"y\"}}"), &prepared, &error) == LPE_OK);
  CHECK(lpe_evaluate_prepared(engine, NULL, prepared, &decision, NULL, &error) == LPE_OK && decision.allowed);
  CHECK(lpe_engine_reload(engine, &broken, 1, NULL) == LPE_INVALID_POLICY);
  CHECK(lpe_evaluate_prepared(engine, NULL, prepared, &decision, NULL, &error) == LPE_OK && decision.allowed);
  CHECK(lpe_engine_reload(engine, &good, 1, &error) == LPE_OK);
  CHECK(lpe_evaluate_prepared(engine, NULL, prepared, &decision, NULL, NULL) == LPE_STALE_INPUT && !decision.allowed);
  CHECK(lpe_prepared_free(prepared, NULL) == LPE_OK);

  lpe_context context = 0;
  lpe_str tags[] = {text("a"), text("b")};
  CHECK(lpe_context_new(&context, &error) == LPE_OK);
  CHECK(lpe_context_string(context, text("request.model"), text("x"), NULL) == LPE_OK);
  CHECK(lpe_context_strings(context, text("request.tags"), tags, 2, NULL) == LPE_OK);
  CHECK(lpe_context_int(context, text("request.max_tokens"), 7, NULL) == LPE_OK);
  CHECK(lpe_context_double(context, text("request.temperature"), 0.5, NULL) == LPE_OK);
  CHECK(lpe_context_bool(context, text("request.stream"), 1, NULL) == LPE_OK);
  CHECK(lpe_evaluate_context(engine, NULL, context, &decision, NULL, NULL) == LPE_OK && !decision.allowed);
  CHECK(lpe_prepare_context(engine, context, &prepared, NULL) == LPE_OK);
  CHECK(lpe_prepared_free(prepared, NULL) == LPE_OK);
  CHECK(lpe_context_free(context, NULL) == LPE_OK);
  CHECK(lpe_context_int(context, text("request.max_tokens"), 7, NULL) == LPE_INVALID_HANDLE);

  lpe_str inputs[] = {text("{\"request\": {\"model\": \"y\"}}"), text("nonsense"), {NULL, 9}};
  lpe_decision decisions[3] = {{.struct_size = sizeof decision}, {.struct_size = sizeof decision}, {.struct_size = sizeof decision}};
  CHECK(lpe_evaluate_batch(engine, NULL, inputs, decisions, 3, NULL) == LPE_OK);
  CHECK(decisions[0].allowed && decisions[1].status == LPE_INVALID_INPUT && decisions[2].status == LPE_INVALID_ARGUMENT);

  lpe_buffer explanation = {0};
  CHECK(lpe_explain(engine, NULL, inputs[0], &explanation, NULL) == LPE_OK);
  lpe_buffer_free(&explanation);
  lpe_buffer_free(&explanation);

  /* Bodies of providers, and the stages of one turn. */
  lpe_str body = text("{\"model\": \"x\", \"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}"), none = {0};
  lpe_question answered = {.struct_size = sizeof answered, .stage = LPE_STAGE_RESPONSE, .now_us = 0};
  CHECK(lpe_evaluate_body(engine, NULL, text("openai-chat"), body, none, &decision, NULL, NULL) == LPE_OK && !decision.allowed);
  CHECK(lpe_evaluate_body(engine, NULL, text("openai"), body, none, &decision, &detail, NULL) == LPE_INVALID_ARGUMENT);
  CHECK(lpe_detail_free(detail, NULL) == LPE_OK && !decision.allowed);
  CHECK(lpe_explain_body(engine, NULL, text("openai-chat"), body, text("{}"), &explanation, NULL) == LPE_OK);
  lpe_buffer_free(&explanation);
  lpe_exchange exchange = 0;
  CHECK(lpe_exchange_begin(engine, text("{\"request\": {}, \"x\""), &exchange, NULL) == LPE_INVALID_INPUT && exchange == 0);
  CHECK(lpe_exchange_begin(engine, text("{\"user\": {\"id\": \"ann\"}}"), &exchange, NULL) == LPE_OK);
  CHECK(lpe_exchange_evaluate(exchange, NULL, inputs[0], &decision, NULL, NULL) == LPE_OK && decision.allowed);
  CHECK(lpe_exchange_evaluate(exchange, NULL, text("{\"user\": {}}"), &decision, &detail, NULL) == LPE_INVALID_INPUT);
  CHECK(lpe_detail_free(detail, NULL) == LPE_OK && !decision.allowed);
  lpe_buffer state = {0};
  CHECK(lpe_exchange_save(exchange, &state, NULL) == LPE_OK);
  CHECK(lpe_exchange_free(exchange, NULL) == LPE_OK && lpe_exchange_free(exchange, NULL) == LPE_INVALID_HANDLE);
  CHECK(lpe_exchange_evaluate(exchange, NULL, inputs[0], &decision, NULL, NULL) == LPE_INVALID_HANDLE && !decision.allowed);
  CHECK(lpe_exchange_resume(engine, inputs[0], &exchange, NULL) == LPE_INVALID_INPUT);
  CHECK(lpe_exchange_resume(engine, (lpe_str){state.ptr, state.len}, &exchange, NULL) == LPE_OK);
  lpe_buffer_free(&state);
  CHECK(lpe_exchange_bundle(exchange, &digest, NULL) == LPE_OK && digest.len == 64);
  lpe_buffer_free(&digest);
  CHECK(lpe_exchange_evaluate_body(exchange, NULL, text("openai-chat"), body, &decision, NULL, NULL) == LPE_OK && !decision.allowed);
  CHECK(lpe_exchange_evaluate(exchange, &answered, text("{\"response\": {\"text\": \"Hi\"}}"), &decision, NULL, NULL) == LPE_OK);
  CHECK(lpe_exchange_free(exchange, NULL) == LPE_OK);

  /* What is wrong is a deny. */
  decision.allowed = 1;
  CHECK(lpe_evaluate(engine, NULL, text("{"), &decision, NULL, &error) == LPE_INVALID_INPUT && !decision.allowed);
  lpe_error_free(&error);
  lpe_question question = {.struct_size = sizeof question, .stage = 0, .now_us = LPE_NOW};
  decision.allowed = 1;
  CHECK(lpe_evaluate(engine, &question, inputs[0], &decision, NULL, NULL) == LPE_INVALID_ARGUMENT && !decision.allowed);
  CHECK(lpe_evaluate(engine, NULL, inputs[0], NULL, NULL, NULL) == LPE_INVALID_ARGUMENT);
  lpe_decision small = {.struct_size = 4};
  CHECK(lpe_evaluate(engine, NULL, inputs[0], &small, NULL, NULL) == LPE_INVALID_ARGUMENT);

  /* Counters and audit records. */
  lpe_audit_options audit = {.struct_size = sizeof audit, .capacity = 2, .key = text("key")};
  lpe_buffer records = {0};
  CHECK(lpe_audit_drain(engine, 9, &records, NULL) == LPE_OK);
  CHECK(strcmp((char *)records.ptr, "{\"records\":[],\"dropped\":0,\"waiting\":0}") == 0);
  lpe_buffer_free(&records);
  CHECK(lpe_audit_start(engine, &audit, NULL) == LPE_OK);
  for (int n = 0; n < 3; n++) lpe_evaluate(engine, NULL, text("{\"request\": {\"model\": \"x\"}}"), &decision, NULL, NULL);
  CHECK(lpe_audit_drain(engine, 1, &records, NULL) == LPE_OK);
  CHECK(strstr((char *)records.ptr, "\"rule\":\"r\"") && strstr((char *)records.ptr, "\"dropped\":1,\"waiting\":1}"));
  lpe_buffer_free(&records);
  CHECK(lpe_metrics(engine, &records, NULL) == LPE_OK && strstr((char *)records.ptr, "\"audit_dropped\":1"));
  lpe_buffer_free(&records);

  if (argc == 1) child_has_its_own_records(engine);
  CHECK(lpe_audit_stop(engine, NULL) == LPE_OK && lpe_audit_start(engine, NULL, NULL) == LPE_OK);
  audit.struct_size = 4;
  CHECK(lpe_audit_start(engine, &audit, NULL) == LPE_INVALID_ARGUMENT);

  CHECK(lpe_self_test_panic(&error) == LPE_INTERNAL_ERROR);
  lpe_error_free(&error);
  CHECK(lpe_engine_close(engine, NULL) == LPE_OK);
  CHECK(lpe_engine_close(engine, NULL) == LPE_INVALID_HANDLE);
  CHECK(lpe_evaluate(engine, NULL, inputs[0], &decision, NULL, NULL) == LPE_INVALID_HANDLE && !decision.allowed);
  CHECK(lpe_engine_open(text("/no/such"), NULL, &engine, &error) == LPE_UNREADABLE_FILE && engine == 0);
  lpe_error_free(&error);
  CHECK(lpe_engine_reload_path(engine, text("/no/such"), NULL) == LPE_INVALID_HANDLE);
  puts("every call did what it should");
  return 0;
}
