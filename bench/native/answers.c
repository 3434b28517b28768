#define _GNU_SOURCE
#include "answers.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In each event, so that the generator can count what arrived, in whose words ever. */
#define MARK "Zest"

static const int events = 100;

static const char *phrases[] = {
    MARK " and salt are what the whole recipe hangs on, so",
    " take the lemons first: " MARK " before juice, always.\\n\\n",
    "The second " MARK " goes in when the pan is \\\"just\\\" warm",
    " - not hot, or the " MARK " turns bitter within a minute",
    ". Stir slowly; the " MARK " should colour the butter.\\n",
};

/* No two events of a stream have the same words. */
static const char *phrase(int at) {
  static char words[128];
  const char *which = phrases[at % (int)(sizeof phrases / sizeof *phrases)];
  snprintf(words, sizeof words, "%s (step %d)", which, at);
  return words;
}

static const char *signature =
    "CpwCAdHtim9Yk0mQxw3lBq0bX2yUu1cPzqN4hS7vJtR5aLfGd8eKiWoMn6pTgVbHsQrEjDzCxAyFwUlIkOmPnB2v3c4x5Z6"
    "L7k8J9h0GqWeRtYuIoPaSdFgHjKlMnBvCxYz1234567890AbCdEfGhIjKlMnOpQrStUvWxYz0987654321QaWsEdRfTgYhUj"
    "IkOlPmNbVcXyZaQwErTzUiOpLkJhGfDsAyXcVbNm0123456789aBcDeFgHiJkLmNoPqRsTuVwXyZ==";

static struct answer whole, burst, chunks, paced, idle, tools, thinking, refusal;

static void add(struct answer *answer, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  char *bytes;
  int size = vasprintf(&bytes, format, arguments);
  va_end(arguments);
  answer->bytes = realloc(answer->bytes, answer->size + (size_t)size);
  memcpy(answer->bytes + answer->size, bytes, (size_t)size);
  answer->size += (size_t)size;
  free(bytes);
}

/* One event as Google writes it; the parts are JSON. */
static char *event(const char *parts, int at, bool last) {
  char *bytes;
  const char *spent = last ? ",\"candidatesTokensDetails\": [{\"modality\": \"TEXT\",\"tokenCount\": 300}]" : "";
  if (asprintf(&bytes,
               "data: {\"candidates\": [{\"content\": {\"parts\": [%s],\"role\": \"model\"}%s,\"index\": 0}],"
               "\"usageMetadata\": {\"promptTokenCount\": 15,\"candidatesTokenCount\": %d,\"totalTokenCount\": %d,"
               "\"promptTokensDetails\": [{\"modality\": \"TEXT\",\"tokenCount\": 15}]%s},"
               "\"modelVersion\": \"gemini-2.5-flash\",\"responseId\": \"w1peaMz6INOvnvgPgYfPiQY\"}\r\n\r\n",
               parts, last ? ",\"finishReason\": \"STOP\"" : "", 3 * at + 3, 3 * at + 18, spent) < 0)
    abort();
  return bytes;
}

static char *text_part(int at) {
  char *part;
  if (asprintf(&part, "{\"text\": \"%s\"}", phrase(at)) < 0) abort();
  return part;
}

/* The first half thinks; the first word that is said carries the signature. */
static char *thinking_part(int at) {
  char *part;
  int written = at < events / 2
    ? asprintf(&part, "{\"text\": \"%s\",\"thought\": true}", phrase(at))
    : at == events / 2
    ? asprintf(&part, "{\"text\": \"%s\",\"thoughtSignature\": \"%s\"}", phrase(at), signature)
    : asprintf(&part, "{\"text\": \"%s\"}", phrase(at));
  if (written < 0) abort();
  return part;
}

/* Every tenth event is a call, the others are text; the first call of them carries the signature. */
static char *tools_part(int at) {
  if (at % 10 != 9) return text_part(at);
  char *part;
  char *signed_by = NULL;
  if (at == 9 && asprintf(&signed_by, ",\"thoughtSignature\": \"%s\"", signature) < 0) abort();
  if (asprintf(&part,
               "{\"functionCall\": {\"name\": \"get_weather\",\"args\": {\"city\": \"Valencia %d\","
               "\"unit\": \"celsius\",\"note\": \"" MARK "\",\"days\": [1,2,3]}}%s}",
               at, signed_by ? signed_by : "") < 0)
    abort();
  free(signed_by);
  return part;
}

/* A stream of events, each in a chunk of its own or all in one. */
static void stream(struct answer *answer, int pace, bool each, char *(*part)(int)) {
  answer->pace = pace;
  add(answer, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nserver: bench\r\n"
              "transfer-encoding: chunked\r\n\r\n");
  struct answer body = {0};
  for (int at = 0; at < events; at++) {
    char *json = part(at);
    char *bytes = event(json, at, at == events - 1);
    if (each) {
      add(answer, "%zx\r\n%s\r\n", strlen(bytes), bytes);
      answer->steps[answer->step_count++] = answer->size;
    } else {
      add(&body, "%s", bytes);
    }
    free(bytes);
    free(json);
  }
  if (!each) add(answer, "%zx\r\n%.*s\r\n", body.size, (int)body.size, body.bytes);
  free(body.bytes);
  add(answer, "0\r\n\r\n");
}

/* About 300 tokens of text, with one mark at its end. */
static void whole_answer(struct answer *answer) {
  struct answer body = {0};
  add(&body, "{\n  \"candidates\": [\n    {\n      \"content\": {\n        \"parts\": [\n          {\n"
             "            \"text\": \"");
  for (int at = 0; at < 24; at++)
    add(&body, "Peel the lemon thinly, without the white, and chop it fine.%s", at % 6 ? " " : "\\n\\n");
  add(&body, MARK "\"\n          }\n        ],\n        \"role\": \"model\"\n      },\n"
             "      \"finishReason\": \"STOP\",\n      \"index\": 0\n    }\n  ],\n  \"usageMetadata\": {\n"
             "    \"promptTokenCount\": 15,\n    \"candidatesTokenCount\": 300,\n    \"totalTokenCount\": 315,\n"
             "    \"promptTokensDetails\": [\n      {\n        \"modality\": \"TEXT\",\n"
             "        \"tokenCount\": 15\n      }\n    ]\n  },\n  \"modelVersion\": \"gemini-2.5-flash\",\n"
             "  \"responseId\": \"w1peaMz6INOvnvgPgYfPiQY\"\n}\n");
  answer->pace = AT_ONCE;
  add(answer, "HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=UTF-8\r\nserver: bench\r\n"
              "content-length: %zu\r\n\r\n%.*s", body.size, (int)body.size, body.bytes);
  free(body.bytes);
}

void answers_make(void) {
  add(&refusal, "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
  whole_answer(&whole);
  stream(&burst, AT_ONCE, false, text_part);
  stream(&chunks, AT_ONCE, true, text_part);
  stream(&paced, PACED, true, text_part);
  stream(&idle, FOR_EVER, true, text_part);
  stream(&tools, AT_ONCE, false, tools_part);
  stream(&thinking, AT_ONCE, false, thinking_part);
}

/* Bodies that are known to be large: a gateway that lost a part of one would look quick. */
static bool too_small(const char *line, long long body_size) {
  if (strstr(line, "history")) return body_size < 15000;
  if (strstr(line, "image")) return body_size < 1390000;
  return body_size < 100;
}

const struct answer *answer_to(const char *request_head, long long body_size) {
  size_t size = strcspn(request_head, "\r\n");
  char line[1024];
  if (size >= sizeof line) return &refusal;
  memcpy(line, request_head, size);
  line[size] = '\0';
  if (too_small(line, body_size)) return &refusal;
  if (strstr(line, ":generateContent")) return &whole;
  if (!strstr(line, ":streamGenerateContent")) return &refusal;
  if (strstr(line, "chunks")) return &chunks;
  if (strstr(line, "paced")) return &paced;
  if (strstr(line, "idle")) return &idle;
  if (strstr(line, "tools")) return &tools;
  if (strstr(line, "thinking")) return &thinking;
  return &burst;
}
