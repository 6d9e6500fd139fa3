/*
 * What a call of the C library costs. Reads a workload that the program `borders` wrote, checks the answer, and prints one line of
 * JSON for each way to ask: the CPU time of a call, in nanoseconds, of each turn.
 *
 *   bench FOLDER MILLISECONDS TURNS
 */
#define _POSIX_C_SOURCE 200809L
#include <llm_policy.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static lpe_engine engine;
static lpe_str policy, request;
static lpe_prepared prepared;

static lpe_str text(const char *c) { return (lpe_str){(const uint8_t *)c, strlen(c)}; }

static void die(const char *what, const lpe_error *error) {
  fprintf(stderr, "%s: %s\n", what, error && error->message.ptr ? (const char *)error->message.ptr : "failed");
  exit(1);
}

static lpe_str file(const char *folder, const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *from = fopen(path, "rb");
  if (!from) die(path, NULL);
  uint8_t *bytes = malloc(1 << 24);
  if (!bytes) die(path, NULL);
  size_t length = fread(bytes, 1, 1 << 24, from);
  fclose(from);
  return (lpe_str){bytes, length};
}

/* Every workload of the race denies, by one rule. */
static void denied(int32_t status, const lpe_decision *decision) {
  if (status != LPE_OK || decision->effect != LPE_EFFECT_DENY || decision->matched != 1 || decision->errors != 0) die("the answer", NULL);
}

static void json(void) {
  lpe_decision decision = {.struct_size = sizeof decision};
  denied(lpe_evaluate(engine, NULL, request, &decision, NULL, NULL), &decision);
}

static void json_detail(void) {
  lpe_decision decision = {.struct_size = sizeof decision};
  lpe_detail detail = 0;
  denied(lpe_evaluate(engine, NULL, request, &decision, &detail, NULL), &decision);
  lpe_detail_free(detail, NULL);
}

static void from_prepared(void) {
  lpe_decision decision = {.struct_size = sizeof decision};
  denied(lpe_evaluate_prepared(engine, NULL, prepared, &decision, NULL, NULL), &decision);
}

/* The fields of request.json. */
static void builder(void) {
  lpe_context c = 0;
  lpe_context_new(&c, NULL);
  lpe_context_string(c, text("user.id"), text("u-10482"), NULL);
  lpe_context_string(c, text("user.role"), text("engineer"), NULL);
  lpe_context_strings(c, text("user.roles"), (lpe_str[]){text("engineer"), text("ml-platform"), text("on-call")}, 3, NULL);
  lpe_context_strings(c, text("user.permissions"), (lpe_str[]){text("chat.use"), text("models.read")}, 2, NULL);
  lpe_context_string(c, text("user.tier"), text("pro"), NULL);
  lpe_context_bool(c, text("user.mfa_verified"), 1, NULL);
  lpe_context_int(c, text("user.quota.tokens_remaining"), 200000, NULL);
  lpe_context_int(c, text("user.quota.tokens_used"), 4096, NULL);
  lpe_context_double(c, text("user.budget.remaining"), 0.62, NULL);
  lpe_context_double(c, text("user.limits.max_request_cost"), 0.75, NULL);
  lpe_context_string(c, text("team.id"), text("team-7"), NULL);
  lpe_context_double(c, text("team.budget.remaining"), 1840.5, NULL);
  lpe_context_string(c, text("app.id"), text("app-7"), NULL);
  lpe_context_string(c, text("request.provider"), text("openai"), NULL);
  lpe_context_string(c, text("request.model"), text("gpt-4o-mini"), NULL);
  lpe_context_int(c, text("request.max_tokens"), 1024, NULL);
  lpe_context_string(c, text("request.environment"), text("production"), NULL);
  lpe_context_string(c, text("request.region"), text("eu-west-1"), NULL);
  lpe_context_strings(c, text("request.tags"), (lpe_str[]){text("batch"), text("summary")}, 2, NULL);
  lpe_context_string(c, text("request.prompt"),
                     text("Summarise the incident review of last Tuesday for the team newsletter. Keep the timeline, name the "
                          "services that were degraded, say what customers noticed, and close with what we agreed to do."),
                     NULL);
  lpe_context_string(c, text("metadata.ticket"), text("OPS-4411"), NULL);
  lpe_decision decision = {.struct_size = sizeof decision};
  denied(lpe_evaluate_context(engine, NULL, c, &decision, NULL, NULL), &decision);
  lpe_context_free(c, NULL);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static double turn(void (*call)(void), long batch) {
  double begun = now();
  for (long n = 0; n < batch; n++) call();
  return (now() - begun) / (double)batch;
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*call)(void);
  } calls[] = {{"json", json_detail}, {"json, effect", json}, {"prepared, effect", from_prepared}, {"builder", builder}};
  enum { CALLS = sizeof calls / sizeof *calls };
  if (argc != 4) die("usage: bench FOLDER MILLISECONDS TURNS", NULL);
  double length = atof(argv[2]) * 1e6;
  long turns = atol(argv[3]), batches[CALLS];
  double *took = calloc((size_t)turns * CALLS, sizeof *took);
  if (turns < 1 || !took) die("TURNS", NULL);

  policy = file(argv[1], "policy.yaml");
  request = file(argv[1], "request.json");
  lpe_error error = {.struct_size = sizeof error};
  lpe_document document = {.origin = text("policy.yaml"), .text = policy};
  if (lpe_engine_load(&document, 1, NULL, &engine, &error) != LPE_OK) die("policy.yaml", &error);
  if (lpe_prepare(engine, request, &prepared, &error) != LPE_OK) die("request.json", &error);

  for (int c = 0; c < CALLS; c++) {
    for (batches[c] = 1;; batches[c] *= 4) {
      double each = turn(calls[c].call, batches[c]);
      if (each * (double)batches[c] * 4 >= length) {
        batches[c] = (long)(length / each) + 1;
        break;
      }
    }
  }
  for (long t = 0; t < turns; t++) {
    for (int c = 0; c < CALLS; c++) took[c * turns + t] = turn(calls[c].call, batches[c]);
  }
  puts("{\"runtime\":\"C11, compiled by " __VERSION__ "\"}");
  for (int c = 0; c < CALLS; c++) {
    printf("{\"contender\":\"ours\",\"call\":\"%s\",\"nanoseconds\":[", calls[c].name);
    for (long t = 0; t < turns; t++) printf("%s%.2f", t ? "," : "", took[c * turns + t]);
    puts("]}");
  }
  lpe_prepared_free(prepared, NULL);
  lpe_engine_close(engine, NULL);
}
