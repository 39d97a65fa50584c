/*
 * A crowd of phones that register: 401 and 200 with digest (RFC 3261 22), each
 * phone on its own loopback address as it would have its own on a LAN. Compiled
 * by ./load.ts, which says what to do:
 *
 *     load PHONES HOST PORT MODE SECONDS CROWD RATE
 *
 *     PHONES    a file, one phone a line: user secret address[:port]
 *     MODE      register   unauthenticated, challenged, authenticated, over and over
 *               once       as register, each phone once
 *               flood      unauthenticated alone, each time as another user; nothing is waited for
 *     CROWD     registrations under way at once, when RATE is 0
 *     RATE      registrations begun a second, answered or not
 *
 * At its end one line of JSON. A registration's time runs from its first
 * REGISTER to its 200, both round trips and every repeat included.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { maxPhones = 20000, maxSamples = 1 << 20, maxText = 2048, firstRepeatUs = 500000, giveUpUs = 8000000 };

typedef enum { idle, asked, answered } Step;

typedef struct {
  char user[32], secret[64], address[48], ha1[33], nonce[128];
  int socket, port;
  Step step;
  unsigned cseq, branch;
  int64_t beganAt, sentAt, waitUs;
} Phone;

static Phone phones[maxPhones];
static int phoneCount, underWay, lastStatus;
static uint32_t samples[maxSamples];
static size_t done, failed, repeated, challenged, sent;
static char host[64], ha2[33], run[16];
static int port;

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void fail(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(1);
}

/* --- MD5 (RFC 1321) --- */

static uint32_t sines[64];
static const unsigned char shifts[16] = {7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21};

static void md5Block(uint32_t state[4], const unsigned char *block) {
  uint32_t word[16], a = state[0], b = state[1], c = state[2], d = state[3];
  memcpy(word, block, 64); /* little-endian machines only, as all that run this are */
  for (int i = 0; i < 64; i++) {
    uint32_t mixed;
    int at;
    if (i < 16) mixed = (b & c) | (~b & d), at = i;
    else if (i < 32) mixed = (d & b) | (~d & c), at = (5 * i + 1) & 15;
    else if (i < 48) mixed = b ^ c ^ d, at = (3 * i + 5) & 15;
    else mixed = c ^ (b | ~d), at = (7 * i) & 15;
    mixed += a + sines[i] + word[at];
    int by = shifts[i / 16 * 4 + i % 4];
    a = d, d = c, c = b;
    b += mixed << by | mixed >> (32 - by);
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d;
}

static void md5(const char *text, char hex[33]) {
  uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  unsigned char tail[128] = {0};
  size_t length = strlen(text), whole = length / 64 * 64, rest = length - whole;
  for (size_t at = 0; at < whole; at += 64) md5Block(state, (const unsigned char *)text + at);
  memcpy(tail, text + whole, rest);
  tail[rest] = 0x80;
  size_t size = rest < 56 ? 64 : 128;
  uint64_t bits = (uint64_t)length * 8;
  memcpy(tail + size - 8, &bits, 8);
  for (size_t at = 0; at < size; at += 64) md5Block(state, tail + at);
  for (int i = 0; i < 16; i++) sprintf(hex + 2 * i, "%02x", state[i / 4] >> (i % 4 * 8) & 0xff);
}

/* --- phones --- */

/** Phones with one address one after the other share its socket, and so their flow. */
static void readPhones(const char *file, int poller) {
  FILE *in = fopen(file, "r");
  if (in == NULL) fail(file);
  char text[maxText];
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  if (inet_pton(AF_INET, host, &to.sin_addr) != 1) fail("HOST is no IPv4 address");
  while (phoneCount < maxPhones) {
    Phone *phone = &phones[phoneCount];
    if (fscanf(in, "%31s %63s %47s", phone->user, phone->secret, phone->address) != 3) break;
    snprintf(text, sizeof text, "%s:hotdesk:%s", phone->user, phone->secret);
    md5(text, phone->ha1);
    char *colon = strchr(phone->address, ':');
    const int ownPort = colon == NULL ? 0 : atoi(colon + 1);
    if (colon != NULL) *colon = 0;
    const Phone *before = phoneCount > 0 ? phone - 1 : NULL;
    if (before != NULL && strcmp(before->address, phone->address) == 0) {
      phone->socket = before->socket, phone->port = before->port;
    } else {
      struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(ownPort)};
      socklen_t size = sizeof own;
      if (inet_pton(AF_INET, phone->address, &own.sin_addr) != 1) fail("a phone's address");
      phone->socket = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
      if (phone->socket < 0 || bind(phone->socket, (struct sockaddr *)&own, size) < 0) fail("bind");
      if (connect(phone->socket, (struct sockaddr *)&to, sizeof to) < 0) fail("connect");
      getsockname(phone->socket, (struct sockaddr *)&own, &size);
      phone->port = ntohs(own.sin_port);
      struct epoll_event event = {.events = EPOLLIN, .data.fd = phone->socket};
      if (epoll_ctl(poller, EPOLL_CTL_ADD, phone->socket, &event) < 0) fail("epoll_ctl");
    }
    phoneCount++;
  }
  fclose(in);
  if (phoneCount == 0) fail("no phones in the file");
}

static void sendRegister(Phone *phone, const char *user) {
  char text[maxText], credentials[768] = "";
  int index = phone - phones;
  if (phone->step == answered) {
    char proof[512], response[33];
    snprintf(proof, sizeof proof, "%s:%s:00000001:0a4f113b:auth:%s", phone->ha1, phone->nonce, ha2);
    md5(proof, response);
    snprintf(credentials, sizeof credentials,
             "Authorization: Digest username=\"%s\", realm=\"hotdesk\", nonce=\"%s\", uri=\"sip:%s:%d\", "
             "response=\"%s\", algorithm=MD5, cnonce=\"0a4f113b\", qop=auth, nc=00000001\r\n",
             user, phone->nonce, host, port, response);
  }
  int length = snprintf(
      text, sizeof text,
      "REGISTER sip:%s:%d SIP/2.0\r\n"
      "Via: SIP/2.0/UDP %s:%d;branch=z9hG4bK%s%d-%u;rport\r\n"
      "From: \"Desk phone\" <sip:%s@%s:%d>;tag=3017%d\r\n"
      "To: \"Desk phone\" <sip:%s@%s:%d>\r\n"
      "Call-ID: 0_%s-%d@%s\r\n"
      "CSeq: %u REGISTER\r\n"
      "Contact: <sip:%s@%s:%d>\r\n"
      "%s"
      "Allow: INVITE, INFO, PRACK, ACK, BYE, CANCEL, OPTIONS, NOTIFY, REGISTER, SUBSCRIBE, REFER, PUBLISH, UPDATE, MESSAGE\r\n"
      "Max-Forwards: 70\r\n"
      "User-Agent: Yealink SIP-T46S 66.86.0.15\r\n"
      "Expires: 3600\r\n"
      "Allow-Events: talk,hold,conference,refer,check-sync\r\n"
      "Content-Length: 0\r\n\r\n",
      host, port, phone->address, phone->port, run, index, phone->branch, user, host, port, index, user, host, port,
      run, index, phone->address, phone->cseq, user, phone->address, phone->port, credentials);
  if (send(phone->socket, text, length, 0) == length) sent++;
}

static void begin(Phone *phone, int64_t at) {
  phone->step = asked;
  phone->cseq++, phone->branch++;
  phone->beganAt = phone->sentAt = at;
  phone->waitUs = firstRepeatUs;
  underWay++;
  sendRegister(phone, phone->user);
}

static void end(Phone *phone, int status) {
  phone->step = idle;
  underWay--;
  if (status == 200) {
    if (done < maxSamples) samples[done] = now() - phone->beganAt;
    done++;
  } else {
    failed++;
    if (status != 0) lastStatus = status;
  }
}

static const char *after(const char *text, const char *what) {
  const char *at = strstr(text, what);
  return at == NULL ? NULL : at + strlen(what);
}

static void receive(int from) {
  char text[8192];
  for (ssize_t length; (length = recv(from, text, sizeof text - 1, 0)) > 0;) {
    text[length] = 0;
    int status = 0, index = -1;
    unsigned cseq = 0;
    if (sscanf(text, "SIP/2.0 %d", &status) != 1 || status < 200) continue;
    if (status == 401) challenged++;
    const char *callId = after(text, "\r\nCall-ID: 0_"), *number = after(text, "\r\nCSeq: ");
    if (callId == NULL || number == NULL || strncmp(callId, run, strlen(run)) != 0) continue;
    if (sscanf(callId + strlen(run), "-%d@", &index) != 1 || sscanf(number, "%u", &cseq) != 1) continue;
    if (index < 0 || index >= phoneCount) continue;
    Phone *phone = &phones[index];
    if (phone->step == idle || phone->cseq != cseq) continue; /* the answer to a repeat */
    const char *nonce = after(text, "nonce=\"");
    if (status == 401 && phone->step == asked && nonce != NULL) {
      size_t size = strcspn(nonce, "\"");
      if (size >= sizeof phone->nonce) size = sizeof phone->nonce - 1;
      memcpy(phone->nonce, nonce, size);
      phone->nonce[size] = 0;
      phone->step = answered;
      phone->cseq++, phone->branch++;
      phone->sentAt = now();
      phone->waitUs = firstRepeatUs;
      sendRegister(phone, phone->user);
    } else end(phone, status);
  }
}

/** RFC 3261 timer E, and an end of all patience. */
static void repeat(int64_t at) {
  for (Phone *phone = phones; phone < phones + phoneCount; phone++) {
    if (phone->step == idle || at - phone->sentAt < phone->waitUs) continue;
    if (at - phone->beganAt > giveUpUs) {
      end(phone, 0);
      continue;
    }
    phone->sentAt = at;
    phone->waitUs *= 2;
    repeated++;
    sendRegister(phone, phone->user);
  }
}

static void flood(Phone *phone) {
  static unsigned stranger;
  char user[32];
  snprintf(user, sizeof user, "HD%u", 90000000 + stranger++ % 9999999);
  phone->step = idle;
  phone->cseq++, phone->branch++;
  sendRegister(phone, user);
}

static int byValue(const void *a, const void *b) {
  uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
  return left < right ? -1 : left > right;
}

int main(int argc, char **argv) {
  if (argc != 8) {
    fprintf(stderr, "usage: load PHONES HOST PORT register|once|flood SECONDS CROWD RATE\n");
    return 2;
  }
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  for (int i = 0; i < 64; i++) sines[i] = (uint32_t)(fabs(sin(i + 1)) * 4294967296.0);

  snprintf(host, sizeof host, "%s", argv[2]);
  port = atoi(argv[3]);
  const int isFlood = strcmp(argv[4], "flood") == 0, isOnce = strcmp(argv[4], "once") == 0;
  const double seconds = atof(argv[5]), rate = atof(argv[7]);
  const int crowd = atoi(argv[6]);
  snprintf(run, sizeof run, "%x", (unsigned)(now() ^ getpid()) & 0xffffff);
  char what[256];
  snprintf(what, sizeof what, "REGISTER:sip:%s:%d", host, port);
  md5(what, ha2);
  int poller = epoll_create1(0);
  readPhones(argv[1], poller);

  const int64_t start = now(), stop = start + (int64_t)(seconds * 1e6);
  int64_t checkAt = start, at = start;
  size_t begun = 0;
  int next = 0;
  while (at < stop || (underWay > 0 && at < stop + giveUpUs)) {
    const size_t due = rate > 0 ? (size_t)((at - start) * rate / 1e6) : SIZE_MAX;
    /* At most so many a turn: answers must be read, too. */
    for (int turn = 0, seen = 0; turn < 64 && at < stop && begun < due && seen < phoneCount; seen++) {
      if (rate == 0 && underWay >= crowd) break;
      if (isOnce && begun >= (size_t)phoneCount) break;
      Phone *phone = &phones[next];
      next = (next + 1) % phoneCount;
      if (isFlood) flood(phone);
      else if (phone->step == idle) begin(phone, now());
      else continue;
      begun++, turn++;
    }
    if (isOnce && begun >= (size_t)phoneCount && underWay == 0) break;
    struct epoll_event events[256];
    int ready = epoll_wait(poller, events, 256, rate > 0 || isFlood ? 1 : 20);
    for (int i = 0; i < ready; i++) receive(events[i].data.fd);
    at = now();
    if (at - checkAt > 50000) repeat(checkAt = at);
  }

  failed += underWay; /* never answered */
  const double took = (double)((at < stop ? at : stop) - start) / 1e6;
  const size_t kept = done < maxSamples ? done : maxSamples;
  qsort(samples, kept, sizeof *samples, byValue);
  printf("{\"done\":%zu,\"failed\":%zu,\"lastStatus\":%d,\"repeated\":%zu,\"challenged\":%zu,\"sent\":%zu,\"seconds\":%.3f,"
         "\"p50Ms\":%.3f,\"p99Ms\":%.3f}\n",
         done, failed, lastStatus, repeated, challenged, sent, took, kept ? samples[kept / 2] / 1e3 : 0,
         kept ? samples[kept * 99 / 100] / 1e3 : 0);
  return 0;
}
