/* Finds the codecs, and hands over what they wrote. */

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "codecs.h"

lp_codecs lp_used;

#define LP_FIND(name) \
    { \
        void *const at = from ? dlsym(from, #name) : NULL; \
        memcpy(&lp_used.name##_, &at, sizeof at); /* a pointer to a function, which C does not cast to */ \
        all = all && at; \
    }

static int has_jpeg(void *from) {
    int all = 1;
    LP_JPEG_FUNCTIONS(LP_FIND)
    return all && lp_jpeg_is_known();
}

/* Structures of libavif 1 grow at their ends alone, and it makes them itself. */
static int has_avif(void *from) {
    int all = 1;
    LP_AVIF_FUNCTIONS(LP_FIND)
    return all && strncmp(lp_used.avifVersion_(), "1.", 2) == 0;
}

/* It compares the version of the caller's structures itself. */
static int has_webp(void *from) {
    int all = 1;
    WebPConfig config;
    LP_WEBP_FUNCTIONS(LP_FIND)
    return all && lp_used.WebPConfigInitInternal_(&config, WEBP_PRESET_DEFAULT, 75, WEBP_ENCODER_ABI_VERSION);
}

int lp_use_codecs(void *jpeg, void *avif, void *webp) {
    lp_used.found = (has_jpeg(jpeg) ? LP_JPEG : 0) | (has_avif(avif) ? LP_AVIF : 0) | (has_webp(webp) ? LP_WEBP : 0);
    return lp_used.found;
}

int lp_keep(const uint8_t *data, size_t size, lp_file *file) {
    file->data = malloc(size ? size : 1);
    if (!file->data) return LP_NO_MEMORY;
    memcpy(file->data, data, size);
    file->size = size;
    return LP_DONE;
}

void lp_free_file(lp_file *file) {
    free(file->data);
    file->data = NULL;
}
