/* Files of weights by other writers: the same header in another spelling, which must give the same
 * predictions; and headers with damage at every place, which must be refused or read, but never
 * left, as AddressSanitizer sees it. Usage: header WEIGHTS */
#include "ask.h"

typedef struct bytes {
    unsigned char *data;
    size_t count, header;
} bytes;

static uint64_t header_bytes(const unsigned char *file) {
    uint64_t count = 0;
    for (int i = 0; i < 8; i++)
        count |= (uint64_t)file[i] << (8 * i);
    return count;
}

static bytes read_file(const char *path) {
    FILE *file = must(fopen(path, "rb"));
    bytes b = {.count = 0};
    fseek(file, 0, SEEK_END);
    b.count = (size_t)ftell(file);
    rewind(file);
    b.data = aligned(b.count);
    if (fread(b.data, 1, b.count, file) != b.count)
        exit(1);
    fclose(file);
    b.header = (size_t)header_bytes(b.data);
    return b;
}

/* A string with each character as \uXXXX. Names here are ASCII. */
static const char *spell_string(const char *from, FILE *to) {
    for (fputc('"', to), from++; *from != '"'; from++) {
        const char *escape = *from == '\\' ? strchr("n\nt\t\"\"\\\\", from[1]) : NULL;
        if (*from == '\\' && from[1] == 'u') {
            fprintf(to, "%.6s", from);
            from += 5;
            continue;
        }
        fprintf(to, "\\u%04X", (unsigned)(unsigned char)(escape ? escape[1] : *from));
        from += escape != NULL;
    }
    fputc('"', to);
    return from + 1;
}

/* The object of one array, {"dtype":...,"shape":...,"data_offsets":...}, from its end. */
static const char *spell_entry(const char *from, FILE *to) {
    const char *dtype = strstr(from, "\"dtype\":") + 8, *shape = strstr(from, "\"shape\":") + 8;
    const char *offsets = strstr(from, "\"data_offsets\":") + 15, *end = strchr(offsets, '}');
    fprintf(to, "{ \"data_offsets\"\n:\t%.*s ,\"other\" : [ {}, {\"a\":[-1.5E3, null]} ]",
            (int)(end - offsets), offsets);
    fprintf(to, ", \"shape\": [ ");
    for (const char *c = shape + 1; *c != ']'; c++)
        fprintf(to, *c == ',' ? " ,\r\n " : "%c", *c);
    fprintf(to, " ] , \"dtype\" :%.5s\n}", dtype);
    return end + 1;
}

/* Our own header, {"__metadata__":{...},"name":{...},...}, in another spelling. */
static bytes spell(const bytes *b) {
    char *header = must(calloc(b->header + 1, 1)), *text = NULL;
    size_t length = 0;
    FILE *to = must(open_memstream(&text, &length));
    memcpy(header, b->data + 8, b->header);
    fputs(" {\n", to);
    for (const char *at = header; *at != '}'; at += *at == '}' ? 0 : 1) {
        at += *at == '{';
        const int meta = strncmp(at, "\"__metadata__\"", 14) == 0;
        if (meta) {
            const char *end = strchr(at, '}') + 1;
            fprintf(to, "%.*s", (int)(end - at), at);
            at = end;
        } else {
            at = spell_string(at, to);
            fputs("  : ", to);
            at = spell_entry(at + 1, to);
        }
        fputs(*at == ',' ? "\n,\n" : "\n}\n", to);
        if (*at == '}')
            break;
    }
    fclose(to);
    bytes made = {.count = 8 + length + b->count - 8 - b->header, .header = length};
    made.data = aligned(made.count);
    for (int i = 0; i < 8; i++)
        made.data[i] = (unsigned char)(length >> (8 * i));
    memcpy(made.data + 8, text, length);
    memcpy(made.data + 8 + length, b->data + 8 + b->header, b->count - 8 - b->header);
    free(header);
    free(text);
    return made;
}

static model_status use(model_context *context, const bytes *b, void *room) {
    check(model_init(context), context->message);
    return model_use_file(context, b->data, b->count, room, MODEL_ROOM_BYTES);
}

static arrays answer(const bytes *b, void *room) {
    static model_context context;
    model_session session = new_session(1);
    check(use(&context, b, room), context.message);
    arrays out = predict(&context, &session, 3, 5);
    free_session(&session);
    return out;
}

/* Every byte of the header in turn as something else. */
static int damage(const bytes *b, void *room) {
    static const char others[] = "{}[]\",:\\u0 -";
    static model_context context;
    int refused = 0;
    for (size_t i = 0; i < b->header; i++)
        for (const char *c = others; *c != 0; c++) {
            const unsigned char kept = b->data[8 + i];
            b->data[8 + i] = (unsigned char)*c;
            refused += use(&context, b, room) != MODEL_OK;
            b->data[8 + i] = kept;
        }
    return refused;
}

int main(int argc, char **argv) {
    bytes ours = read_file(argc > 1 ? argv[1] : "model.safetensors"), theirs = spell(&ours);
    void *room = aligned(MODEL_ROOM_BYTES);
    arrays expected = answer(&ours, room), got = answer(&theirs, room);
    const int differs = differ(&expected, &got), refused = damage(&theirs, room);
    printf("%d differ, %d headers refused\n", differs, refused);
    free_arrays(&expected);
    free_arrays(&got);
    free(ours.data);
    free(theirs.data);
    free(room);
    return differs != 0 || refused < 1000;
}
