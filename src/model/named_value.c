// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/named_value.h"

#include <stdlib.h>
#include <string.h>

#include "util/grow.h"

int named_values_add(struct named_values *values, const char *name, size_t length, uint64_t value)
{
	struct named_value *added;
	char *copy = strndup(name, length);
	int error = copy ? grow_list((void **)&values->list, values->n, sizeof(*added)) : -ENOMEM;

	if (error) {
		free(copy);
		return error;
	}
	added = &values->list[values->n++];
	*added = (struct named_value){.name = copy, .value = value};
	return 0;
}

const struct named_value *named_values_find(const struct named_values *values, const char *name)
{
	for (size_t i = 0; i < values->n; i++) {
		if (!strcmp(values->list[i].name, name))
			return &values->list[i];
	}
	return NULL;
}

uint64_t named_values_get(const struct named_values *values, const char *name)
{
	const struct named_value *found = named_values_find(values, name);

	return found ? found->value : 0;
}

void named_values_clear(struct named_values *values)
{
	for (size_t i = 0; i < values->n; i++)
		free(values->list[i].name);
	free(values->list);
	*values = (struct named_values){0};
}
