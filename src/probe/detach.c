// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/detach.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include "probe/attach.h"

#define WORKERS 8

struct waiting {
	struct attachment *attachment;
	struct waiting *next;
};

struct detacher {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* there is more to do, or nothing will come any more */
	struct waiting *first;
	bool ending;
	pthread_t workers[WORKERS];
	size_t n_workers, n_idle;
};

static void *detach_all(void *context)
{
	struct detacher *detacher = context;
	struct waiting *waiting;

	pthread_mutex_lock(&detacher->lock);
	for (;;) {
		waiting = detacher->first;
		if (waiting) {
			detacher->first = waiting->next;
			pthread_mutex_unlock(&detacher->lock);
			attachment_free(waiting->attachment);
			free(waiting);
			pthread_mutex_lock(&detacher->lock);
		} else if (detacher->ending) {
			break;
		} else {
			detacher->n_idle++;
			pthread_cond_wait(&detacher->changed, &detacher->lock);
			detacher->n_idle--;
		}
	}
	pthread_mutex_unlock(&detacher->lock);
	return NULL;
}

struct detacher *detacher_new(void)
{
	struct detacher *detacher = calloc(1, sizeof(*detacher));

	if (!detacher)
		return NULL;
	pthread_mutex_init(&detacher->lock, NULL);
	pthread_cond_init(&detacher->changed, NULL);
	return detacher;
}

void detacher_free(struct detacher *detacher)
{
	if (!detacher)
		return;
	pthread_mutex_lock(&detacher->lock);
	detacher->ending = true;
	pthread_cond_broadcast(&detacher->changed);
	pthread_mutex_unlock(&detacher->lock);
	for (size_t i = 0; i < detacher->n_workers; i++)
		pthread_join(detacher->workers[i], NULL);
	pthread_cond_destroy(&detacher->changed);
	pthread_mutex_destroy(&detacher->lock);
	free(detacher);
}

/* Sees to it that somebody works; with the lock held. False: nobody does. */
static bool wake_worker(struct detacher *detacher)
{
	sigset_t all, before;
	int error;

	if (detacher->n_idle || detacher->n_workers == WORKERS) {
		pthread_cond_signal(&detacher->changed);
		return true;
	}
	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&detacher->workers[detacher->n_workers], NULL, detach_all, detacher);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	detacher->n_workers += !error;
	return detacher->n_workers > 0;
}

void detacher_take(struct detacher *detacher, struct attachment *attachment)
{
	struct waiting *waiting = attachment ? malloc(sizeof(*waiting)) : NULL;
	bool taken;

	if (!waiting) {
		attachment_free(attachment);
		return;
	}
	pthread_mutex_lock(&detacher->lock);
	taken = wake_worker(detacher);
	if (taken) {
		*waiting = (struct waiting){.attachment = attachment, .next = detacher->first};
		detacher->first = waiting;
	}
	pthread_mutex_unlock(&detacher->lock);
	if (taken)
		return;
	attachment_free(attachment);
	free(waiting);
}
