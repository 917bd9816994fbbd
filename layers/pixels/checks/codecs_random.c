/* Decodes damaged JPEG files to planes, and writes random planes in each format, under AddressSanitizer and UBSan. Whatever
   becomes of a file, nothing may be written beside the planes: each ends at a page that nobody may touch, so that it is seen
   of the codecs, too, which no sanitizer was compiled into. Built and run by `make native-sanitize`; no part of the library.

   codecs_random CASES SEED JPEG AVIF WEBP FILES...: shared objects that hold the codecs, and sound files. Exits with 1 at a
   status that there is not, and where no file at all was decoded. */

#include <dlfcn.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../pixels.h"
#include "random.h"

#define MOST_FILES 64
#define ONE_IN 50 /* cases that encode: that takes longer than the rest */

typedef struct {
    uint8_t *data;
    size_t size;
} bytes;

static bytes files[MOST_FILES];
static int file_count;
static long decoded;

/* Memory that ends at a page that cannot be touched. */
typedef struct {
    uint8_t *from, *start;
    size_t mapped;
} guarded;

static guarded guard(size_t size) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (size + page - 1) / page * page;
    guarded made = {NULL, NULL, room + page};
    made.from = mmap(NULL, made.mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (made.from == MAP_FAILED || mprotect(made.from + room, page, PROT_NONE) != 0) abort();
    made.start = made.from + room - size;
    return made;
}

static void release(const guarded *memory) {
    munmap(memory->from, memory->mapped);
}

static bytes damaged(void) {
    const bytes *whole = &files[random_below((uint32_t)file_count)];
    bytes made = {malloc(whole->size), whole->size};
    if (!made.data) abort();
    memcpy(made.data, whole->data, whole->size);
    for (uint32_t left = random_below(4); left > 0; left--) {
        const uint32_t reach = random_below(2) ? 700 : (uint32_t)made.size; /* half of it in what comes before the pixels */
        made.data[random_below(reach < made.size ? reach : (uint32_t)made.size)] = (uint8_t)random_below(256);
    }
    if (random_below(8) == 0) made.size = 1 + random_below((uint32_t)made.size);
    return made;
}

static int is_decoded(const bytes *file) {
    const int32_t denominator = 1 << random_below(4);
    lp_layout layout;
    int status = lp_jpeg_layout(file->data, file->size, denominator, &layout);
    if (status != LP_DONE) return status == LP_BAD_DATA;
    guarded memory[3];
    lp_plane planes[3];
    size_t all = 0;
    for (int i = 0; i < 3; i++) all += (size_t)layout.stride[i] * (size_t)layout.height[i];
    if (all > 64u << 20) return 1; /* what is larger, limits keep away */
    for (int i = 0; i < 3; i++) {
        memory[i] = guard((size_t)layout.stride[i] * (size_t)layout.height[i]);
        planes[i] = (lp_plane){memory[i].start, (size_t)layout.stride[i], layout.width[i], layout.height[i], 1};
    }
    status = lp_jpeg_decode(file->data, file->size, denominator, planes);
    for (int i = 0; i < 3; i++) release(&memory[i]);
    decoded += status == LP_DONE;
    return status == LP_DONE || status == LP_BAD_DATA;
}

static int is_encoded(void) {
    const int width = 1 + (int)random_below(70), height = 1 + (int)random_below(70);
    guarded memory[3];
    lp_plane planes[3];
    for (int i = 0; i < 3; i++) {
        const int across = i ? (width + 1) / 2 : width, down = i ? (height + 1) / 2 : height;
        memory[i] = guard((size_t)across * (size_t)down);
        for (int at = 0; at < across * down; at++) memory[i].start[at] = (uint8_t)random_below(256);
        planes[i] = (lp_plane){memory[i].start, (size_t)across, across, down, 1};
    }
    uint32_t table[64];
    for (int i = 0; i < 64; i++) table[i] = 1 + random_below(255);
    static const uint8_t exif[] = "Exif\0\0MM\0*\0\0\0\10\0\0\0\0\0";
    const uint8_t *words = random_below(2) ? exif : NULL;
    const char *const options[] = {"color:tune", "ssimulacra2", NULL};
    lp_file file = {NULL, 0};
    const int jpeg = lp_jpeg_encode(planes, table, table, words, sizeof exif, &file);
    if (jpeg == LP_DONE) lp_free_file(&file);
    const int webp = lp_webp_encode(planes, (float)random_below(101), 2, words, sizeof exif, &file);
    if (webp == LP_DONE) lp_free_file(&file);
    /* not 100, which is lossless, and cannot be tuned */
    const int avif = lp_avif_encode(planes, (int32_t)random_below(100), 9, options, words, sizeof exif, &file);
    if (avif == LP_DONE) lp_free_file(&file);
    for (int i = 0; i < 3; i++) release(&memory[i]);
    const int ok = jpeg == LP_DONE && webp == LP_DONE && avif == LP_DONE;
    if (!ok) fprintf(stderr, "%d x %d pixels: JPEG %d, WebP %d, AVIF %d\n", width, height, jpeg, webp, avif);
    return ok;
}

static int is_right(void) {
    if (random_below(ONE_IN) == 0 && !is_encoded()) return 0;
    const bytes file = damaged();
    const int right = is_decoded(&file);
    free(file.data);
    return right;
}

static bytes read_whole(const char *name) {
    FILE *file = fopen(name, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) abort();
    bytes made = {NULL, (size_t)ftell(file)};
    made.data = malloc(made.size);
    rewind(file);
    if (!made.data || fread(made.data, 1, made.size, file) != made.size) abort();
    fclose(file);
    return made;
}

int main(int count, char **arguments) {
    void *codecs[3];
    if (count < 7) return 2;
    for (int i = 0; i < 3; i++) {
        codecs[i] = dlopen(arguments[3 + i], RTLD_NOW);
        if (!codecs[i]) fprintf(stderr, "%s\n", dlerror());
    }
    if (lp_use_codecs(codecs[0], codecs[1], codecs[2]) != (LP_JPEG | LP_AVIF | LP_WEBP)) return 1;
    for (int i = 6; i < count && file_count < MOST_FILES; i++) files[file_count++] = read_whole(arguments[i]);
    const int failed = run(count, arguments, is_right, "damaged files decoded within their planes, or refused");
    for (int i = 0; i < file_count; i++) free(files[i].data);
    printf("%ld of them were decoded\n", decoded);
    return failed || decoded == 0;
}
