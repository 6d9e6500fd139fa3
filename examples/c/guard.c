/*
 * A guarded chat endpoint in C: what a user asks is decided about before it goes to the model, and what the model
 * answers before it goes back. The model here is a function that repeats what it is told.
 *
 *   cc -o guard guard.c $(pkg-config --cflags --libs llm-policy)
 *   ./guard ../policies 'hello' gpt-4o-mini
 */
#include <llm_policy.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static lpe_str text(const char *c) { return (lpe_str){(const uint8_t *)c, strlen(c)}; }

static void fail(const char *what, lpe_error *error) {
  fprintf(stderr, "%s: %s\n", what, error->message.ptr ? (const char *)error->message.ptr : "no reason");
  lpe_error_free(error);
  exit(2);
}

/* Decides about one stage; prints why when it is not allowed. Returns 1 when it is allowed. */
static int allowed(lpe_engine engine, int32_t stage, lpe_context context) {
  lpe_question question = {.struct_size = sizeof question, .stage = stage, .now_us = LPE_NOW};
  lpe_decision decision = {.struct_size = sizeof decision};
  lpe_error error = {.struct_size = sizeof error};
  lpe_detail detail = 0;
  if (lpe_evaluate_context(engine, &question, context, &decision, &detail, &error) != LPE_OK) {
    fail("evaluate", &error); /* `decision` is a deny */
  }
  if (!decision.allowed) {
    lpe_buffer reason = {0};
    lpe_detail_text(detail, LPE_TEXT_REASON, &reason, NULL);
    printf("refused: %s\n", (const char *)reason.ptr);
    lpe_buffer_free(&reason);
  }
  lpe_detail_free(detail, NULL);
  return decision.allowed;
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: guard POLICIES PROMPT MODEL\n");
    return 2;
  }
  if (lpe_abi_version() != LPE_ABI_VERSION) {
    fprintf(stderr, "this program was built for another version of libllm_policy\n");
    return 2;
  }
  lpe_error error = {.struct_size = sizeof error};
  lpe_engine engine = 0;
  if (lpe_engine_open(text(argv[1]), NULL, &engine, &error) != LPE_OK) {
    fail(argv[1], &error);
  }
  lpe_context context = 0;
  if (lpe_context_new(&context, &error) != LPE_OK) {
    fail("context", &error);
  }
  lpe_context_string(context, text("user.id"), text("ann"), NULL);
  lpe_context_string(context, text("user.tier"), text("standard"), NULL);
  lpe_context_string(context, text("request.model"), text(argv[3]), NULL);
  lpe_context_string(context, text("request.prompt"), text(argv[2]), NULL);

  int status = 1;
  if (allowed(engine, LPE_STAGE_REQUEST, context)) {
    char answer[1024];
    snprintf(answer, sizeof answer, "You said: %s", argv[2]);
    lpe_context_string(context, text("response.text"), text(answer), NULL);
    if (allowed(engine, LPE_STAGE_RESPONSE, context)) {
      puts(answer);
      status = 0;
    }
  }
  lpe_context_free(context, NULL);
  lpe_engine_close(engine, NULL);
  return status;
}
