// A plugin of QEMU (API version 1) that counts instructions: from each execution of the one at `from` to the next of
// the one at `to`, a line each in the file; with mark=ADDRESS in that line also those from one execution of the
// instruction there to the next. Arguments: from=ADDRESS,to=ADDRESS,counts=FILE[,mark=ADDRESS]. Debian ships no header
// of it; this is what is needed of it.
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { QEMU_PLUGIN_CB_NO_REGS = 0, QEMU_PLUGIN_INLINE_ADD_U64 = 0 };
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, void (*cb)(qemu_plugin_id_t, struct qemu_plugin_tb*));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb* tb);
struct qemu_plugin_insn* qemu_plugin_tb_get_insn(const struct qemu_plugin_tb* tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn* insn);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn* insn, int op, void* at, uint64_t value);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn* insn, void (*cb)(unsigned int, void*), int flags,
                                            void* data);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

static uint64_t executed, from, to, mark, began, marked;
static bool running;
static FILE* file;

static void begin(unsigned int cpu, void* data) {
  (void)cpu, (void)data;
  began = marked = executed;
  running = true;
}

static void between(unsigned int cpu, void* data) {
  (void)cpu, (void)data;
  if (running) fprintf(file, "%" PRIu64 " ", executed - marked);
  marked = executed;
}

static void end(unsigned int cpu, void* data) {
  (void)cpu, (void)data;
  if (running) fprintf(file, "%" PRIu64 "\n", executed - began);
  running = false;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb* tb) {
  (void)id;
  const size_t n = qemu_plugin_tb_n_insns(tb);
  for (size_t i = 0; i < n; ++i) {
    struct qemu_plugin_insn* insn = qemu_plugin_tb_get_insn(tb, i);
    const uint64_t at = qemu_plugin_insn_vaddr(insn);
    if (at == from) qemu_plugin_register_vcpu_insn_exec_cb(insn, begin, QEMU_PLUGIN_CB_NO_REGS, NULL);
    if (mark && at == mark) qemu_plugin_register_vcpu_insn_exec_cb(insn, between, QEMU_PLUGIN_CB_NO_REGS, NULL);
    if (at == to) qemu_plugin_register_vcpu_insn_exec_cb(insn, end, QEMU_PLUGIN_CB_NO_REGS, NULL);
    qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &executed, 1);
  }
}

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id, const void* info, int argc,
                                                               char** argv) {
  (void)info;
  for (int i = 0; i < argc; ++i) {
    if (strncmp(argv[i], "from=", 5) == 0) from = strtoull(argv[i] + 5, NULL, 0);
    if (strncmp(argv[i], "to=", 3) == 0) to = strtoull(argv[i] + 3, NULL, 0);
    if (strncmp(argv[i], "mark=", 5) == 0) mark = strtoull(argv[i] + 5, NULL, 0);
    if (strncmp(argv[i], "counts=", 7) == 0) file = fopen(argv[i] + 7, "w");
  }
  if (!from || !to || !file) return 1;
  setvbuf(file, NULL, _IOLBF, BUFSIZ);  // an emulated process may end without flushing
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  return 0;
}
