/* Names follow from the kernels' own; where two texts have one name, the later gets a number. */
#include "codegen/cpu/program.h"

#include <string.h>

#include "codegen/cpu/abi.h"

void program_begin(program_text *p, const isa_level *isa, const char *prefix, arena *a) {
    *p = (program_text){.arena = a, .isa = isa, .prefix = prefix, .linkage = LINKAGE_HIDDEN};
    map_init(&p->texts, a);
    map_init(&p->names, a);
}

static const char *base_name(program_text *p, const kernel *k) {
    text t;
    text_init(&t, p->arena);
    text_append(&t, p->prefix);
    text_identifier(&t, k->name ? k->name : "");
    return t.data;
}

/* The same function may not be called by two names: emitted under the name of its first user. */
int program_add(program_text *p, const kernel *k) {
    const char *base = base_name(p, k), *name = base;
    for (int i = 2;; i++) {
        cpu_kernel *made = emit_kernel(k, name, p->isa, p->arena);
        uint64_t *known = map_find_text(&p->texts, made->text);
        if (known)
            return (int)*known - 1;
        if (!map_find_text(&p->names, name)) {
            vec_push(p->arena, &p->kernels, made);
            *map_put_text(&p->texts, made->text, NULL) = p->kernels.count;
            map_put_text(&p->names, name, NULL);
            return (int)p->kernels.count - 1;
        }
        name = arena_format(p->arena, "%s_%d", base, i);
    }
}

static void add_unit(program_text *p, const char *name, const text *t) {
    vec_push(p->arena, &p->units,
             (toolchain_unit){.name = name, .text = t->data, .length = t->length});
}

static void print_prelude(const program_text *p, uint32_t first, uint32_t end,
                          const char *linkage, text *out) {
    prelude functions;
    prelude_init(&functions, p->arena);
    for (uint32_t i = first; i < end; i++)
        prelude_use_all(&functions, &p->kernels.items[i]->functions);
    prelude_print(&functions, p->isa, linkage, out);
}

void program_print_prelude(const program_text *p, uint32_t first, uint32_t end, text *out) {
    print_prelude(p, first, end, p->linkage, out);
}

void program_print_part(const program_text *p, uint32_t first, uint32_t end, const char *linkage,
                        text *out) {
    print_prelude(p, first, end, linkage, out);
    for (uint32_t i = first; i < end; i++) {
        text_append(out, "\n");
        text_append(out, p->kernels.items[i]->text);
    }
}

void program_print(const program_text *p, text *out) {
    program_print_part(p, 0, p->kernels.count, p->linkage, out);
}

static void print_size(const cpu_kernel *k, const char *what, const char *bytes, text *out) {
    if (bytes != NULL)
        text_printf(out, "\nHIDDEN i64 %s_%s(i64 B) {\n    (void)B;\n    return %s;\n}\n", k->name,
                    what, bytes);
}

static void finish_unit(program_text *p, uint32_t first, uint32_t end) {
    text t;
    text_init(&t, p->arena);
    program_print_part(p, first, end, p->linkage, &t);
    for (uint32_t i = first; i < end; i++) {
        print_size(p->kernels.items[i], "scratch", p->kernels.items[i]->scratch, &t);
        print_size(p->kernels.items[i], "workspace", p->kernels.items[i]->workspace, &t);
    }
    add_unit(p, arena_format(p->arena, "kernels_%u.c", p->units.count), &t);
}

static void print_declarations(const cpu_kernel *k, text *out) {
    for (uint32_t i = 0; i < k->stages.count; i++)
        text_printf(out, "HIDDEN run %s;\nHIDDEN count %s_tasks;\n", k->stages.items[i],
                    k->stages.items[i]);
    if (k->scratch != NULL)
        text_printf(out, "HIDDEN count %s_scratch;\n", k->name);
    if (k->workspace != NULL)
        text_printf(out, "HIDDEN count %s_workspace;\n", k->name);
}

static void print_stages(const cpu_kernel *k, text *out) {
    text_printf(out, "static const struct stage stages_of_%s[] = {\n", k->name);
    for (uint32_t i = 0; i < k->stages.count; i++)
        text_printf(out, "    {%s, %s_tasks},\n", k->stages.items[i], k->stages.items[i]);
    text_append(out, "};\n");
}

static void print_row(const cpu_kernel *k, text *out) {
    text_printf(out, "    {\"%s\", %u, stages_of_%s, ", k->name, k->stages.count, k->name);
    text_printf(out, k->scratch != NULL ? "%s_scratch, " : "%.0s0, ", k->name);
    text_printf(out, k->workspace != NULL ? "%s_workspace},\n" : "%.0s0},\n", k->name);
}

static const char table_opening[] =
    "typedef long long i64;\n"
    "#define HIDDEN __attribute__((visibility(\"hidden\")))\n"
    "typedef void run(void *const *buffers, i64 B, i64 begin, i64 end, void *scratch);\n"
    "typedef i64 count(i64 B);\n"
    "struct stage { run *run; count *tasks; };\n"
    "struct kernel {\n"
    "    const char *name;\n"
    "    i64 stage_count;\n"
    "    const struct stage *stages;\n"
    "    count *scratch, *workspace;\n"
    "};\n"
    "struct table { i64 version, kernel_count; const struct kernel *kernels; };\n\n";

static void finish_table(program_text *p) {
    text t;
    text_init(&t, p->arena);
    text_append(&t, table_opening);
    for (uint32_t i = 0; i < p->kernels.count; i++)
        print_declarations(p->kernels.items[i], &t);
    for (uint32_t i = 0; i < p->kernels.count; i++)
        print_stages(p->kernels.items[i], &t);
    text_append(&t, "static const struct kernel kernels[] = {\n");
    for (uint32_t i = 0; i < p->kernels.count; i++)
        print_row(p->kernels.items[i], &t);
    text_printf(
        &t, "    {0, 0, 0, 0, 0},\n};\n\nstatic const struct table table = {%d, %u, kernels};\n\n",
        PROGRAM_ABI_VERSION, p->kernels.count);
    text_printf(&t,
                "__attribute__((visibility(\"default\"))) const struct table *%s(i64 version);\n",
                PROGRAM_QUERY);
    text_printf(
        &t, "const struct table *%s(i64 version) {\n    return version == %d ? &table : 0;\n}\n",
        PROGRAM_QUERY, PROGRAM_ABI_VERSION);
    add_unit(p, "table.c", &t);
}

uint32_t program_part_end(const program_text *p, uint32_t first) {
    size_t bytes = 0;
    uint32_t end = first;
    for (; end < p->kernels.count && (end == first || bytes < UNIT_BYTES); end++)
        bytes += strlen(p->kernels.items[end]->text);
    return end;
}

void program_finish(program_text *p) {
    for (uint32_t first = 0, end; first < p->kernels.count; first = end) {
        end = program_part_end(p, first);
        finish_unit(p, first, end);
    }
    finish_table(p);
}
