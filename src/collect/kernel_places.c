// SPDX-License-Identifier: GPL-2.0-or-later
/* Asks the kernel's struct pages, through a program, where addresses lie. */
#include <errno.h>
#include <string.h>

#include "collect/kernel_internal.h"

int kernel_places_find(struct kernel_session *session, struct mk_place *places, size_t n)
{
	int program = bpf_program__fd(session->bpf->progs.find_places);

	for (size_t i = 0; i < n; i++)
		places[i].node = places[i].zone = -1;
	if (program < 0 || !session->places)
		return 0;
	for (size_t done = 0; done < n;) {
		LIBBPF_OPTS(bpf_test_run_opts, opts);
		size_t part = n - done < MK_PLACES ? n - done : MK_PLACES;

		memcpy(session->places, places + done, part * sizeof(*places));
		__atomic_store_n(&session->bpf->bss->n_places, (uint32_t)part, __ATOMIC_RELEASE);
		if (bpf_prog_test_run_opts(program, &opts))
			return -errno;
		memcpy(places + done, session->places, part * sizeof(*places));
		done += part;
	}
	return 0;
}
