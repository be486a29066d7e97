// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/loss.h"

static const struct {
	const char *key, *words;
} rows[LOSS_COUNT] = {
#define X(id, key, words) [id] = {key, words},
    LOSS_ROWS(X)
#undef X
};

const char *loss_key(enum loss loss)
{
	return rows[loss].key;
}

const char *loss_words(enum loss loss)
{
	return rows[loss].words;
}
