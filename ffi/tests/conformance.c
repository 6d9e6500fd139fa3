/* Runs the cases of conformance/ through the C interface, as conformance/README.md says.
 *
 *   conformance CASES RESULTS [NAME...]
 *
 * CASES is the flat form that `cargo xtask conformance --flat` writes: this program has no reader of JSON of its own to be wrong.
 * RESULTS gets what came out, as JSON. Cases with a NAME that is given are left out. */
#define _POSIX_C_SOURCE 200809L
#include <llm_policy.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 128

static void die(const char *why) {
  fprintf(stderr, "%s\n", why);
  exit(2);
}

/* ---------------------------------------------------------------------------------------------------------- the cases */

static FILE *cases;

static size_t number(void) {
  size_t n;
  if (fscanf(cases, "%zu", &n) != 1) die("a number is missing");
  return n;
}

/* An argument, with a NUL behind it. */
static lpe_str argument(void) {
  size_t pieces = number(), length = 0;
  uint8_t *bytes = calloc(1, 1);
  while (pieces--) {
    size_t times = number(), size = number();
    if (fgetc(cases) != '\n') die("a line end is missing");
    if (!(bytes = realloc(bytes, length + times * size + 1))) die("out of memory");
    if (fread(bytes + length, 1, size, cases) != size) die("a piece is cut off");
    for (size_t n = 1; n < times; n++) memcpy(bytes + length + n * size, bytes + length, size);
    length += times * size;
  }
  bytes[length] = 0;
  return (lpe_str){bytes, length};
}

static const char *c(lpe_str text) { return (const char *)text.ptr; }
static bool is(lpe_str text, const char *word) { return strcmp(c(text), word) == 0; }

/* ---------------------------------------------------------------------------------------------------------- the results */

static FILE *results;
static char *came[MOST];
static size_t count;

static void add(char *text) {
  if (count == MOST) die("a case has too many steps");
  came[count++] = text;
}

/* The name of a status, which the library lends without a NUL. */
static char *code(int32_t status) {
  lpe_str name = lpe_error_name(status);
  char *text = calloc(1, name.len + 1);
  return memcpy(text, name.ptr, name.len);
}

static void write_json(const char *text) {
  fputc('"', results);
  for (; *text; text++) {
    unsigned char byte = (unsigned char)*text;
    if (byte == '"' || byte == '\\') fprintf(results, "\\%c", byte);
    else if (byte < ' ') fprintf(results, "\\u%04x", byte);
    else fputc(byte, results);
  }
  fputc('"', results);
}

/* The text for a decision: its canonical form; after a failure the code, and the deny that stands for it. */
static char *decided(int32_t status, const lpe_decision *decision, lpe_detail detail) {
  if (status != LPE_OK && decision->allowed) die("a call that failed allows");
  if (!detail) return code(status);
  lpe_buffer text = {0};
  if (lpe_detail_text(detail, LPE_TEXT_CANONICAL, &text, NULL) != LPE_OK) die("a decision has no text");
  char *name = code(status), *out = malloc(strlen(name) + text.len + 2);
  if (status == LPE_OK) strcpy(out, (char *)text.ptr);
  else sprintf(out, "%s %s", name, (char *)text.ptr);
  free(name);
  if (status == LPE_OK && decision->allowed != (strncmp(out, "{\"allowed\":true", 15) == 0)) die("record and text differ");
  lpe_buffer_free(&text);
  lpe_detail_free(detail, NULL);
  return out;
}

/* ------------------------------------------------------------------------------------------------------------ the calls */

static lpe_engine engine;
static lpe_prepared prepared;
static lpe_exchange exchange;
static lpe_document documents[MOST];
static lpe_options options;
/* What was taken last, and how its limits stood. */
static lpe_buffer hold, limits;

static lpe_question question(lpe_str stage, lpe_str now) {
  static const char *const stages[] = {"request", "response", "tool_call", "tool_result"};
  lpe_question question = {.struct_size = sizeof question, .stage = 99, .now_us = strtoll(c(now), NULL, 10)};
  for (int32_t n = 0; n < 4; n++)
    if (is(stage, stages[n])) question.stage = LPE_STAGE_REQUEST + n;
  return question;
}

static uint32_t handles(lpe_str action) {
  static const char *const actions[] = {"redact", "set", "route", "require_approval", "custom"};
  for (int n = 0; n < 5; n++)
    if (is(action, actions[n])) return 1u << n;
  return 1u << 31;
}

/* Prepared and not prepared are two ways to ask the same. */
static char *evaluate(const lpe_question *asked, lpe_str context) {
  lpe_decision decision = {.struct_size = sizeof decision};
  lpe_detail detail = 0;
  int32_t status = lpe_evaluate(engine, asked, context, &decision, &detail, NULL);
  char *text = decided(status, &decision, detail);
  lpe_prepared once = 0;
  if (lpe_prepare(engine, context, &once, NULL) == LPE_OK) {
    detail = 0;
    status = lpe_evaluate_prepared(engine, asked, once, &decision, &detail, NULL);
    char *other = decided(status, &decision, detail);
    if (strcmp(text, other)) die("prepared, it comes out otherwise");
    free(other);
    lpe_prepared_free(once, NULL);
  } else if (status == LPE_OK) {
    die("what can be evaluated cannot be prepared");
  }
  return text;
}

static const char *closed_name(int32_t closed) {
  static const char *const names[] = {"done", "late", "already_settled", "already_released", "already_expired", "unknown", "nothing"};
  if (closed < LPE_CLOSED_DONE || closed > LPE_CLOSED_NOTHING) die("closed as what?");
  return names[closed - LPE_CLOSED_DONE];
}

static char *closed_text(int32_t status, int32_t closed) {
  if (status != LPE_OK) return code(status);
  const char *name = closed_name(closed);
  return strcpy(malloc(strlen(name) + 1), name);
}

static char *copy(lpe_buffer text) {
  char *out = calloc(1, text.len + 1);
  return text.len ? memcpy(out, text.ptr, text.len) : out;
}

static char *take(const lpe_question *asked, lpe_str context) {
  lpe_decision decision = {.struct_size = sizeof decision};
  lpe_detail detail = 0;
  int32_t status = lpe_evaluate(engine, asked, context, &decision, &detail, NULL);
  lpe_buffer_free(&hold);
  lpe_buffer_free(&limits);
  if (detail && (lpe_detail_text(detail, LPE_TEXT_HOLD, &hold, NULL) != LPE_OK || lpe_detail_text(detail, LPE_TEXT_LIMITS, &limits, NULL) != LPE_OK)) die("no hold");
  return decided(status, &decision, detail);
}

/* What a call gave, or the code. */
static char *result(int32_t status, lpe_buffer *text) {
  if (status != LPE_OK) return code(status);
  char *out = malloc(text->len + 1);
  memcpy(out, text->ptr, text->len + 1);
  lpe_buffer_free(text);
  return out;
}

static lpe_buffer redacted;

static char *streamed(lpe_str *a) {
  lpe_question asked = question((lpe_str){(const uint8_t *)"response", 8}, a[0]);
  lpe_stream stream = 0;
  int32_t status = lpe_stream_begin(exchange, &asked, a[1], &stream, NULL), stopped = 0;
  if (status != LPE_OK) return code(status);
  size_t size = strtoull(c(a[2]), NULL, 10), length = 0;
  char *came = calloc(1, 1);
  lpe_buffer passed = {0};
  for (size_t at = 0; at < a[4].len && !stopped; at += size) {
    size_t rest = a[4].len - at;
    status = lpe_stream_push(stream, (lpe_str){a[4].ptr + at, rest < size ? rest : size}, &passed, &stopped, NULL);
    if (status != LPE_OK && !stopped) die("a push that failed goes on");
    came = realloc(came, length + passed.len + 2);
    if (passed.len) memcpy(came + length, passed.ptr, passed.len);
    length += passed.len;
    lpe_buffer_free(&passed);
  }
  char *end;
  if (a[3].len) {
    end = code(lpe_stream_abort(stream, NULL));
  } else {
    lpe_decision decision = {.struct_size = sizeof decision};
    lpe_detail detail = 0;
    status = lpe_stream_finish(stream, &passed, &decision, &detail, NULL);
    came = realloc(came, length + passed.len + 2);
    if (passed.len) memcpy(came + length, passed.ptr, passed.len);
    length += passed.len;
    lpe_buffer_free(&passed);
    end = decided(status, &decision, detail);
  }
  lpe_stream_free(stream, NULL);
  came = realloc(came, length + strlen(end) + 2);
  came[length] = '\n';
  strcpy(came + length + 1, end);
  free(end);
  return came;
}

/* Detectors of these options find in a text, or take out of it. */
static char *detected(lpe_str options, const lpe_str *form, const lpe_str *style, lpe_str text) {
  lpe_detector detector = 0;
  int32_t status = lpe_detector_new(options, &detector, NULL);
  if (status != LPE_OK) return code(status);
  lpe_buffer out = {0};
  status = form ? lpe_detector_redact(detector, *form, *style, text, &out, NULL)
                : lpe_detector_scan(detector, text, &out, NULL);
  lpe_detector_free(detector, NULL);
  return result(status, &out);
}

static void step(const char *word, lpe_str *a, size_t arguments, size_t *held) {
  lpe_decision decision = {.struct_size = sizeof decision};
  lpe_detail detail = 0;
  if (!strcmp(word, "evaluate")) {
    lpe_question asked = question(a[0], a[1]);
    add(evaluate(&asked, a[2]));
  } else if (!strcmp(word, "body")) {
    lpe_question asked = question(a[0], a[1]);
    int32_t status = lpe_evaluate_body(engine, &asked, a[2], a[3], a[4], &decision, &detail, NULL);
    add(decided(status, &decision, detail));
  } else if (!strcmp(word, "prepare")) {
    lpe_prepared next = 0;
    int32_t status = lpe_prepare(engine, a[0], &next, NULL);
    if (status == LPE_OK) lpe_prepared_free(prepared, NULL), prepared = next;
    add(code(status));
  } else if (!strcmp(word, "prepared")) {
    lpe_question asked = question(a[0], a[1]);
    int32_t status = lpe_evaluate_prepared(engine, &asked, prepared, &decision, &detail, NULL);
    add(decided(status, &decision, detail));
  } else if (!strcmp(word, "begin")) {
    lpe_exchange next = 0;
    int32_t status = lpe_exchange_begin(engine, a[0], &next, NULL);
    if (status == LPE_OK) lpe_exchange_free(exchange, NULL), exchange = next;
    add(code(status));
  } else if (!strcmp(word, "next")) {
    lpe_question asked = question(a[0], a[1]);
    int32_t status = a[2].len ? lpe_exchange_evaluate_body(exchange, &asked, a[2], a[3], &decision, &detail, NULL)
                              : lpe_exchange_evaluate(exchange, &asked, a[3], &decision, &detail, NULL);
    add(decided(status, &decision, detail));
  } else if (!strcmp(word, "scan")) {
    add(detected(a[0], NULL, NULL, a[1]));
  } else if (!strcmp(word, "redact")) {
    add(detected(a[2], &a[0], &a[1], a[3]));
  } else if (!strcmp(word, "redact_body")) {
    lpe_buffer out = {0};
    int32_t status = lpe_exchange_redact(exchange, a[0], a[2], &out, NULL);
    if (status == LPE_OK) lpe_buffer_free(&redacted), redacted = out;
    char *text = code(status);
    if (status == LPE_OK && !a[1].len) free(text), text = strdup((char *)redacted.ptr);
    add(text);
  } else if (!strcmp(word, "restore") || !strcmp(word, "restore_body")) {
    lpe_buffer out = {0};
    lpe_str text = word[7] ? (lpe_str){redacted.ptr, redacted.len} : a[0];
    add(result(lpe_exchange_restore(exchange, text, &out, NULL), &out));
  } else if (!strcmp(word, "stream")) {
    add(streamed(a));
  } else if (!strcmp(word, "resume")) {
    lpe_buffer state = {0};
    lpe_exchange next = 0;
    int32_t status = lpe_exchange_save(exchange, &state, NULL);
    if (status == LPE_OK) status = lpe_exchange_resume(engine, (lpe_str){state.ptr, state.len}, &next, NULL);
    lpe_buffer_free(&state);
    if (status == LPE_OK) lpe_exchange_free(exchange, NULL), exchange = next;
    add(code(status));
  } else if (!strcmp(word, "reload")) {
    add(code(lpe_engine_reload(engine, documents, *held, NULL)));
    *held = 0;
  } else if (!strcmp(word, "take")) {
    lpe_question asked = question(a[0], a[1]);
    add(take(&asked, a[2]));
  } else if (!strcmp(word, "dry_run")) {
    lpe_question asked = question(a[0], a[1]);
    int32_t status = lpe_dry_run(engine, &asked, a[2], &decision, &detail, NULL);
    add(decided(status, &decision, detail));
  } else if (!strcmp(word, "limits")) {
    add(copy(limits));
  } else if (!strcmp(word, "settle")) {
    int32_t closed = 0, status = lpe_settle(engine, (lpe_str){hold.ptr, hold.len}, a[0], &closed, NULL);
    add(closed_text(status, closed));
  } else if (!strcmp(word, "release")) {
    int32_t closed = 0, status = lpe_release(engine, (lpe_str){hold.ptr, hold.len}, &closed, NULL);
    add(closed_text(status, closed));
  } else if (!strcmp(word, "extend")) {
    int32_t closed = 0, status = lpe_extend(engine, (lpe_str){hold.ptr, hold.len}, &closed, NULL);
    add(closed_text(status, closed));
  } else if (!strcmp(word, "exchange_settle")) {
    int32_t closed = 0, status = lpe_exchange_settle(exchange, arguments ? a[0] : (lpe_str){0}, &closed, NULL);
    add(closed_text(status, closed));
  } else if (!strcmp(word, "exchange_release")) {
    int32_t closed = 0, status = lpe_exchange_release(exchange, &closed, NULL);
    add(closed_text(status, closed));
  } else if (!strcmp(word, "observe")) {
    add(code(lpe_observe(engine, (lpe_str){hold.ptr, hold.len}, a[0], NULL)));
  } else if (!strcmp(word, "exchange_observe")) {
    add(code(lpe_exchange_observe(exchange, a[0], NULL)));
  } else if (!strcmp(word, "switch_off")) {
    add(code(lpe_switch_off(engine, a[0], a[1], a[2], LPE_NEVER, NULL)));
  } else if (!strcmp(word, "switch_on")) {
    add(code(lpe_switch_on(engine, a[0], a[1], NULL)));
  } else if (!strcmp(word, "switches")) {
    lpe_buffer list = {0};
    int32_t status = lpe_switches(engine, &list, NULL);
    add(status == LPE_OK ? copy(list) : code(status));
    lpe_buffer_free(&list);
  } else if (!strcmp(word, "close")) {
    add(code(lpe_engine_close(engine, NULL)));
  } else if (!strcmp(word, "panic")) {
    add(code(lpe_self_test_panic(NULL)));
  } else {
    die(word);
  }
}

int main(int argc, char **argv) {
  if (argc < 3 || !(cases = fopen(argv[1], "rb")) || !(results = fopen(argv[2], "wb"))) die("usage: conformance CASES RESULTS [NAME...]");
  lpe_str kept[4 * MOST], name = {0}, expected[MOST];
  size_t keeping = 0, held = 0, expecting = 0, all = 0, wrong = 0;
  bool open = false, out = false;
  char word[32];
  size_t arguments;
  fputs("{", results);
  while (fscanf(cases, "%31s %zu", word, &arguments) == 2) {
    lpe_str a[8];
    if (arguments > 8 || keeping + arguments > 4 * MOST || held == MOST) die("a case is too large");
    for (size_t n = 0; n < arguments; n++) kept[keeping++] = a[n] = argument();
    if (!strcmp(word, "case")) {
      name = a[0];
      options = (lpe_options){.struct_size = sizeof options};
      out = false;
      for (int n = 3; n < argc; n++) out = out || is(name, argv[n]);
    } else if (!strcmp(word, "handles")) {
      options.handles |= handles(a[0]);
    } else if (!strcmp(word, "allow_without_policy")) {
      options.allow_without_policy = 1;
    } else if (!strcmp(word, "document")) {
      documents[held++] = (lpe_document){a[0], a[1]};
    } else if (!strcmp(word, "load") || !strcmp(word, "open")) {
      int32_t status = *word == 'l' ? lpe_engine_load(documents, held, &options, &engine, NULL)
                                    : lpe_engine_open(a[0], &options, &engine, NULL);
      held = 0;
      open = status == LPE_OK;
      if (!open) add(code(status));
    } else if (!strcmp(word, "expect")) {
      expected[expecting++] = a[0];
    } else if (strcmp(word, "end")) {
      if (open && !out) step(word, a, arguments, &held);
      held = 0;
    } else {
      bool same = count == expecting;
      for (size_t n = 0; same && n < count; n++) same = is(expected[n], came[n]);
      if (!out) {
        fputs(all++ ? ",\n" : "\n", results);
        write_json(c(name));
        fputs(": [", results);
        for (size_t n = 0; n < count; n++) fputs(n ? ", " : "", results), write_json(came[n]);
        fputs("]", results);
        if (!same) wrong++, fprintf(stderr, "%s comes out otherwise\n", c(name));
        if (!same)
          for (size_t n = 0; n < count; n++) fprintf(stderr, "  %s\n", came[n]);
      }
      if (prepared) lpe_prepared_free(prepared, NULL);
      if (exchange) lpe_exchange_free(exchange, NULL);
      if (open) lpe_engine_close(engine, NULL);
      while (count) free(came[--count]);
      while (keeping) free((void *)kept[--keeping].ptr);
      lpe_buffer_free(&hold);
      lpe_buffer_free(&limits);
      lpe_buffer_free(&redacted);
      prepared = exchange = engine = expecting = 0;
      open = false;
    }
  }
  fputs("\n}\n", results);
  if (fclose(results) || fclose(cases)) die("the results cannot be written");
  printf("%zu cases, %zu otherwise than expected\n", all, wrong);
  return all == 0 || wrong != 0;
}
