/* Element types. Zero is "not said", which the frontend reads as float32, Keras' default. */
#ifndef CORNU_DTYPE_H
#define CORNU_DTYPE_H

/* X(NAME, text in .cnir, bytes) */
#define CN_DTYPE_MAP(X) \
    X(F32, "f32", 4)    \
    X(F64, "f64", 8)    \
    X(BF16, "bf16", 2)  \
    X(F16, "f16", 2)    \
    X(I64, "i64", 8)    \
    X(I32, "i32", 4)    \
    X(U32, "u32", 4)    \
    X(I8, "i8", 1)      \
    X(U8, "u8", 1)      \
    X(BOOL, "bool", 1)

typedef enum cn_dtype {
    CN_DTYPE_DEFAULT = 0,
#define X(name, text, bytes) CN_##name,
    CN_DTYPE_MAP(X)
#undef X
        CN_DTYPE_COUNT
} cn_dtype;

#endif
