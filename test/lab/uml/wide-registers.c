/*
 * User-Mode Linux 6.1 keeps 2,696 bytes of floating-point registers of a traced process. On a CPU with AMX there are
 * over 11,000, and the host's kernel takes back all of them or none (xstateregs_set of Linux 6): every process inside
 * would be killed. Loaded before libc, this ptrace() completes a short buffer with what the process has now.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

static char all[65536] __attribute__((aligned(64)));

long ptrace(enum __ptrace_request request, ...)
{
	static long (*next)(enum __ptrace_request, ...);
	va_list arguments;
	va_start(arguments, request);
	long pid = va_arg(arguments, long);
	void *type = va_arg(arguments, void *);
	void *data = va_arg(arguments, void *);
	va_end(arguments);
	if (next == NULL)
		next = dlsym(RTLD_NEXT, "ptrace");
	if (request != PTRACE_SETREGSET || type != (void *)NT_X86_XSTATE)
		return next(request, pid, type, data);
	struct iovec *given = data;
	struct iovec whole = { all, sizeof all };
	if (next(PTRACE_GETREGSET, pid, type, &whole) != 0)
		return -1;
	if (given->iov_len < whole.iov_len) {
		memcpy(all, given->iov_base, given->iov_len);
		given = &whole;
	}
	return next(request, pid, type, given);
}
