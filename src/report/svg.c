// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A flame graph that works alone as a file: it zooms, searches and tells what is pointed at by a script of
 * its own (svg/flame.js), and loads nothing. The widths are bytes of the view asked for; the outermost frames lie at
 * the bottom.
 */
#include "report/renderer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/call_tree.h"
#include "report/clock.h"
#include "report/flame_layout.h"
#include "report/integrity.h"
#include "report/stream.h"
#include "report/xml.h"
#include "util/embed.h"
#include "util/escape.h"
#include "util/quantity.h"

EMBED(svg_script, "src/report/svg/flame.js");
EMBED(svg_style, "src/report/svg/flame.css");

/* In pixels; the script knows ROW_HEIGHT and MARGIN from the boxes. */
#define PAGE_WIDTH 1200.0
#define MARGIN 12.0
#define GRAPH_WIDTH (PAGE_WIDTH - 2 * MARGIN)
#define ROW_HEIGHT 18
#define HEAD_HEIGHT 72
#define FOOT_HEIGHT 56
/* Of a character of 12 pixels in the fonts that flame.css asks for. */
#define CHARACTER_WIDTH 7.2
#define LABEL_PADDING 6.0
#define COLUMNS_MIN 3 /* of a label: a letter or two tell nothing */
/* What is narrower is not drawn: nobody would see it, and such a file holds all that a browser can take. */
#define WIDTH_MIN 0.3
#define N_COLOURS 8

struct drawing {
	FILE *out;
	const struct snapshot *snapshot;
	const struct render_options *options;
	const struct call_tree *tree;
	const struct flame_layout *layout;
	double height;
	uint8_t *colours; /* by number of the module's name, 0: none yet */
	unsigned int n_coloured;
	size_t n_left_out;
};

/* What the widths are, as a heading. */
static const char *words_of(enum view view)
{
	static const char *const words[VIEW_COUNT] = {"Live bytes", "Bytes allocated", "Growth of live bytes"};

	return words[view];
}

static double width_of(const struct flame_box *box)
{
	return box->width * GRAPH_WIDTH;
}

/* Rows, with the one below all others. */
static unsigned int count_rows(const struct flame_layout *layout)
{
	unsigned int rows = 1;

	for (size_t i = 0; i < layout->n_boxes; i++) {
		const struct flame_box *box = &layout->boxes[i];

		if (width_of(box) >= WIDTH_MIN && box->depth + 2 > rows)
			rows = box->depth + 2;
	}
	return rows;
}

/* What a frame is called: NULL when out of memory. The caller frees it. */
static char *name_of(const struct drawing *drawing, const struct tree_frame *frame)
{
	const char *function = call_tree_string(drawing->tree, frame->function);
	char *name;

	if (function)
		return strdup(function);
	return asprintf(&name, "0x%" PRIx64, frame->address) < 0 ? NULL : name;
}

/* How many bytes of the text fit into so many columns, once it is escaped. */
static size_t fitting_bytes(const char *text, size_t columns)
{
	size_t bytes = 0, used = 0;

	while (text[bytes]) {
		unsigned int character;
		size_t length = utf8_decode(text + bytes, &character), printed;
		char piece[5] = {0};

		memcpy(piece, text + bytes, length ? length : 1);
		printed = escape_copy(NULL, 0, piece);
		used += printed == length ? 1 : printed;
		if (used > columns)
			break;
		bytes += length ? length : 1;
	}
	return bytes;
}

static size_t columns_in(double width)
{
	return width < LABEL_PADDING ? 0 : (size_t)((width - LABEL_PADDING) / CHARACTER_WIDTH);
}

/* As much of the name as fits, and an ellipsis where something is missing. */
static int write_label(const struct drawing *drawing, const char *name, size_t columns)
{
	char *label;
	int error;

	if (!name[fitting_bytes(name, columns)])
		return xml_write(drawing->out, name);
	label = strndup(name, fitting_bytes(name, columns - 1));
	if (!label)
		return -ENOMEM;
	error = xml_write(drawing->out, label);
	fputs("…", drawing->out);
	free(label);
	return error;
}

/* "\n12.3 MiB (45.6%) in 12 blocks" */
static void write_amounts(const struct drawing *drawing, uint64_t value, uint64_t blocks)
{
	char words[QUANTITY_SIZE];

	fprintf(drawing->out, "\n%s (%.1f%%) in %" PRIu64 " %s", quantity_words(words, value),
	        100 * (double)value / (double)drawing->layout->value, blocks, blocks == 1 ? "block" : "blocks");
}

static void begin_box(const struct drawing *drawing, const char *classes, unsigned int colour)
{
	fprintf(drawing->out, "<g class=\"f %s%u\"><title>", classes, colour);
}

static int end_box(const struct drawing *drawing, const char *name, double x, double width, unsigned int row)
{
	double y = drawing->height - FOOT_HEIGHT - (double)(row + 1) * ROW_HEIGHT;
	int error = 0;

	fprintf(drawing->out, "</title><rect x=\"%.2f\" y=\"%.0f\" width=\"%.2f\" height=\"%d\"/>", x, y, width,
	        ROW_HEIGHT - 1);
	if (columns_in(width) >= COLUMNS_MIN) {
		fprintf(drawing->out, "<text x=\"%.2f\" y=\"%.0f\">", x + LABEL_PADDING / 2, y + ROW_HEIGHT - 5);
		error = write_label(drawing, name, columns_in(width));
		fputs("</text>", drawing->out);
	}
	fputs("</g>\n", drawing->out);
	return error;
}

/* Modules take colours in the order in which they come, so those of the largest stacks differ. */
static unsigned int colour_of(struct drawing *drawing, const struct tree_frame *frame)
{
	uint8_t *colour;

	if (frame->module == CALL_TREE_NONE)
		return N_COLOURS;
	colour = &drawing->colours[frame->module];
	if (!*colour)
		*colour = (uint8_t)(1 + drawing->n_coloured++ % N_COLOURS);
	return *colour - 1u;
}

/* " [libc.so.6]"; what has brackets of its own ("[vdso]") gets no others. */
static int write_module(const struct drawing *drawing, const char *module)
{
	size_t length = strlen(module);
	bool bare = length < 2 || module[0] != '[' || module[length - 1] != ']';
	int error;

	fputs(bare ? " [" : " ", drawing->out);
	error = xml_write(drawing->out, module);
	if (bare)
		fputc(']', drawing->out);
	return error;
}

static int write_box(struct drawing *drawing, const struct flame_box *box)
{
	struct tree_frame frame = call_tree_frame(drawing->tree, call_tree_node(drawing->tree, box->node).frame);
	const char *module = call_tree_string(drawing->tree, frame.module);
	char *name = name_of(drawing, &frame);
	int error;

	if (!name)
		return -ENOMEM;
	begin_box(drawing, "m", colour_of(drawing, &frame));
	error = xml_write(drawing->out, name);
	if (module && !error)
		error = write_module(drawing, module);
	if (frame.kind == TREE_FRAME_INLINED)
		fputs(" (inlined)", drawing->out);
	write_amounts(drawing, box->value, box->blocks);
	if (!error)
		error = end_box(drawing, name, MARGIN + box->x * GRAPH_WIDTH, width_of(box), box->depth + 1);
	free(name);
	return error;
}

static int write_boxes(struct drawing *drawing)
{
	int error = 0;

	fputs("<g id=\"graph\" tabindex=\"0\" role=\"application\" "
	      "aria-label=\"Flame graph: arrow keys move, Enter zooms, Escape goes back\">\n",
	      drawing->out);
	if (drawing->layout->n_boxes) {
		begin_box(drawing, "m", N_COLOURS);
		fputs("all", drawing->out);
		write_amounts(drawing, drawing->layout->value, drawing->layout->blocks);
		error = end_box(drawing, "all", MARGIN, GRAPH_WIDTH, 0);
	} else {
		fprintf(drawing->out, "<text x=\"%.0f\" y=\"%d\">Nothing to show.</text>\n", PAGE_WIDTH / 2 - 60,
		        HEAD_HEIGHT + ROW_HEIGHT - 5);
	}
	for (size_t i = 0; i < drawing->layout->n_boxes && !error; i++) {
		if (width_of(&drawing->layout->boxes[i]) >= WIDTH_MIN)
			error = write_box(drawing, &drawing->layout->boxes[i]);
		else
			drawing->n_left_out++;
	}
	fputs("</g>\n", drawing->out);
	return error;
}

/* "app (1001), app (1002) and 3 more" */
static int write_processes(const struct drawing *drawing)
{
	const struct snapshot *snapshot = drawing->snapshot;
	size_t named = snapshot->n_processes < 4 ? snapshot->n_processes : 3;
	int error = 0;

	if (snapshot->kernel)
		fputs("the kernel", drawing->out);
	for (size_t i = 0; i < named && !snapshot->kernel && !error; i++) {
		fputs(i ? ", " : "", drawing->out);
		error = xml_write(drawing->out, snapshot->processes[i].comm);
		fprintf(drawing->out, " (%d)", snapshot->processes[i].pid);
	}
	if (snapshot->n_processes > named && !snapshot->kernel)
		fprintf(drawing->out, " and %zu more", snapshot->n_processes - named);
	return error;
}

/* "12.3 MiB in 42 blocks, 2 stacks of 5" */
static void write_sums(const struct drawing *drawing)
{
	const struct snapshot *snapshot = drawing->snapshot;
	char words[QUANTITY_SIZE];

	fprintf(drawing->out, "%s in %" PRIu64 " %s, ", quantity_words(words, drawing->layout->value),
	        drawing->layout->blocks, drawing->layout->blocks == 1 ? "block" : "blocks");
	fprintf(drawing->out, "%zu %s", snapshot->n_stacks_shown, snapshot->n_stacks_shown == 1 ? "stack" : "stacks");
	if (snapshot->n_stacks_shown < snapshot->n_stacks)
		fprintf(drawing->out, " of %zu", snapshot->n_stacks);
}

static int write_head(const struct drawing *drawing)
{
	char date[CLOCK_SIZE];
	int error;

	fprintf(drawing->out,
	        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\">\n",
	        PAGE_WIDTH, drawing->height, PAGE_WIDTH, drawing->height);
	fprintf(drawing->out, "<title>memtrace: %s of ", words_of(drawing->options->view));
	error = write_processes(drawing);
	fprintf(drawing->out, "</title>\n<style><![CDATA[\n%s]]></style>\n", svg_style);
	fprintf(drawing->out, "<rect class=\"page\" width=\"%.0f\" height=\"%.0f\"/>\n", PAGE_WIDTH, drawing->height);
	fprintf(drawing->out, "<text class=\"heading\" x=\"%.0f\" y=\"28\">%s of ", MARGIN,
	        words_of(drawing->options->view));
	if (!error)
		error = write_processes(drawing);
	clock_date(date, drawing->snapshot->time_unix_ns, drawing->options->utc);
	fprintf(drawing->out, "</text>\n<text class=\"quiet\" x=\"%.0f\" y=\"48\">", MARGIN);
	write_sums(drawing);
	fprintf(drawing->out, ", at %s</text>\n", date);
	return error;
}

/* Loss is told by a word and a colour. */
static int write_foot(const struct drawing *drawing)
{
	int error;

	fprintf(drawing->out,
	        "<text id=\"details\" role=\"status\" aria-live=\"polite\" x=\"%.0f\" y=\"%.0f\"> </text>\n", MARGIN,
	        drawing->height - 34);
	fprintf(drawing->out, "<text class=\"%s\" x=\"%.0f\" y=\"%.0f\">",
	        snapshot_complete(drawing->snapshot) ? "quiet" : "lost", MARGIN, drawing->height - 14);
	integrity_write(drawing->out, drawing->snapshot, drawing->options);
	if (drawing->n_left_out)
		fprintf(drawing->out, "; %zu frames too narrow to be drawn", drawing->n_left_out);
	fputs("</text>\n<script><![CDATA[\n", drawing->out);
	error = stream_write(drawing->out, svg_script);
	fputs("]]></script>\n</svg>\n", drawing->out);
	return error;
}

static int draw(FILE *out, const struct snapshot *snapshot, const struct render_options *options,
                struct call_tree *tree, struct flame_layout *layout)
{
	struct drawing drawing = {.out = out, .snapshot = snapshot, .options = options, .tree = tree, .layout = layout};
	int error = call_tree_build(tree, snapshot, TREE_FUNCTIONS);

	if (!error)
		error = flame_layout_make(layout, tree, snapshot, options->view);
	if (error)
		return error;
	drawing.colours = calloc(intern_count(tree->strings) + 1, 1);
	if (!drawing.colours)
		return -ENOMEM;
	drawing.height = HEAD_HEIGHT + (double)count_rows(layout) * ROW_HEIGHT + FOOT_HEIGHT;
	error = write_head(&drawing);
	if (!error)
		error = write_boxes(&drawing);
	if (!error)
		error = write_foot(&drawing);
	free(drawing.colours);
	return error;
}

static int svg_report(FILE *out, const struct snapshot *snapshot, const struct render_options *options)
{
	struct flame_layout layout = {0};
	struct call_tree tree = {0};
	int error = draw(out, snapshot, options, &tree, &layout), unwritten;

	flame_layout_clear(&layout);
	call_tree_clear(&tree);
	unwritten = stream_finish(out);
	return error ? error : unwritten;
}

const struct renderer svg_renderer = {
    .name = "svg",
    .whole = true,
    .alone = true,
    .report = svg_report,
};
