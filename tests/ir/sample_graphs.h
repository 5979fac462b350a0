/* Text of graphs that many tests run over: between them they use every construct of the text
 * form and many ops. Each is printed exactly as graph_print prints it. */
#ifndef CORNU_TESTS_IR_SAMPLE_GRAPHS_H
#define CORNU_TESTS_IR_SAMPLE_GRAPHS_H

#define HEAD "cornu-ir 1\n"

static const char *const sample_graphs[] = {
    /* roles, donation, names, locations */
    HEAD "func @train_step(\n"
         "  %image: f32[B,28,28,1],\n"
         "  %label: i32[B],\n"
         "  %conv2d_kernel: f32[3,3,1,2] state donate \"conv2d/kernel\",\n"
         "  %rate: f32[] state) {\n"
         "  %5 = conv %image, %conv2d_kernel {strides=[1,1], low=[1,1], high=[1,1], dilation=[1,1]}"
         " : f32[B,28,28,2]  # train.c:8 conv2d\n"
         "  %6 = reduce %5 {axes=[0,1,2,3]} : f32[]  # train.c:9\n"
         "  %7 = mul %rate, %6 : f32[]\n"
         "  %8 = broadcast %7 : f32[3,3,1,2]\n"
         "  %9 = sub %conv2d_kernel, %8 : f32[3,3,1,2]  # :0 sgd\n"
         "  return %6 \"loss\", %9 into %conv2d_kernel \"conv2d/kernel\"\n"
         "}\n",
    /* leaves and guards */
    HEAD "func @leaves(%key: u32[2], %step: i64[]) {\n"
         "  guard \"batch = 6: B and 6 meet in one axis\"\n"
         "  batch 6\n"
         "  %3 = constant {value=[1.5,-0,nan,0x7fc00001,inf,1e-45]} : f32[2,3]\n"
         "  %4 = constant {value=[7]} : i64[B,4]\n"
         "  %5 = iota {axis=1} : bf16[B,3]\n"
         "  %6 = rng_bits %key, %step {stream=3} : u32[B,5]\n"
         "  %7 = dim_size {size=7*B} : f64[]\n"
         "  %8 = flag {flag=\"training\"} : bool[]\n"
         "  return %3, %4, %5, %6, %7, %8\n"
         "}\n",
    /* a scan with several results, regions in regions */
    HEAD "func @loop(%1: f32[4,4], %2: f32[B,4], %3: f32[5,B,4]) {\n"
         "  %4:2 = scan %1, %2, %3 {constants=1, carries=1, length=5, reverse=true}"
         " : (f32[B,4], f32[5,B,4])  # rnn.c:3 lstm\n"
         "    region (%1: f32[4,4], %2: f32[B,4], %3: f32[B,4]) {\n"
         "      %4 = dot_general %2, %1 {left_contract=[1], right_contract=[0]} : f32[B,4]\n"
         "      %5 = add %4, %3 : f32[B,4]\n"
         "      %6 = composite %5 {name=\"mine\", parameters=[1,2], number=0.5} : f32[B,4]\n"
         "        region (%1: f32[B,4]) {\n"
         "          %2 = tanh %1 : f32[B,4]\n"
         "          return %2\n"
         "        }\n"
         "      return %6, %2\n"
         "    }\n"
         "  return %4#0 \"final\", %4#1 \"states\"\n"
         "}\n",
    /* control */
    HEAD "func @control(%x: f32[B,3]) {\n"
         "  %2 = stop_gradient %x : f32[B,3]\n"
         "  %3 = barrier %2 : f32[B,3]\n"
         "  %4 = transpose %3 {axes=[1,0]} : f32[3,B]\n"
         "  %5 = group %4, %4 {kind=row, name=\"sum_rows\"} : f32[3]\n"
         "    region (%1: f32[3,B], %2: f32[3,B]) {\n"
         "      %3 = add %1, %2 : f32[3,B]\n"
         "      %4 = reduce %3 {axes=[1]} : f32[3]\n"
         "      return %4\n"
         "    }\n"
         "  %6 = reduce %5 {axes=[0]} : f32[]\n"
         "  %7:2 = gradient %6, %x, %5 : (f32[B,3], f32[3])\n"
         "  return %7#0, %7#1\n"
         "}\n",
    /* elementwise */
    HEAD "func @elementwise(%x: f32[B,6], %k: i32[4], %z: f32[]) {\n"
         "  %4 = neg %x : f32[B,6]\n"
         "  %5 = abs %4 : f32[B,6]\n"
         "  %6 = sign %5 : f32[B,6]\n"
         "  %7 = floor %6 : f32[B,6]\n"
         "  %8 = round %7 : f32[B,6]\n"
         "  %9 = exp %8 : f32[B,6]\n"
         "  %10 = expm1 %9 : f32[B,6]\n"
         "  %11 = log %10 : f32[B,6]\n"
         "  %12 = log1p %11 : f32[B,6]\n"
         "  %13 = sqrt %12 : f32[B,6]\n"
         "  %14 = rsqrt %13 : f32[B,6]\n"
         "  %15 = sin %14 : f32[B,6]\n"
         "  %16 = cos %15 : f32[B,6]\n"
         "  %17 = tanh %16 : f32[B,6]\n"
         "  %18 = sigmoid %17 : f32[B,6]\n"
         "  %19 = erf %18 : f32[B,6]\n"
         "  %20 = add %19, %x : f32[B,6]\n"
         "  %21 = sub %20, %x : f32[B,6]\n"
         "  %22 = mul %21, %x : f32[B,6]\n"
         "  %23 = div %22, %x : f32[B,6]\n"
         "  %24 = rem %23, %x : f32[B,6]\n"
         "  %25 = pow %24, %x : f32[B,6]\n"
         "  %26 = max %25, %x : f32[B,6]\n"
         "  %27 = min %26, %x : f32[B,6]\n"
         "  %28 = compare %27, %x {kind=le} : bool[B,6]\n"
         "  %29 = not %28 : bool[B,6]\n"
         "  %30 = bit %29, %29 {kind=xor} : bool[B,6]\n"
         "  %31 = select %30, %27, %x : f32[B,6]\n"
         "  %32 = cast %31 {to=i32} : i32[B,6]\n"
         "  %33 = bitcast %32 {to=f32} : f32[B,6]\n"
         "  return %33\n"
         "}\n",
    /* movement, indices, folds, windows */
    HEAD "func @movement(%x: f32[B,6], %k: i32[4], %z: f32[], %image: f32[B,8,8,2]) {\n"
         "  %5 = reshape %x : f32[B,2,3]\n"
         "  %6 = transpose %5 {axes=[2,0,1]} : f32[3,B,2]\n"
         "  %7 = slice %6 {starts=[1,0,0], strides=[1,1,1]} : f32[2,B,2]\n"
         "  %8 = pad %7, %z {low=[0,0,1], high=[1,0,0], interior=[0,0,2]} : f32[3,B,5]\n"
         "  %9 = reverse %8 {axes=[0,2]} : f32[3,B,5]\n"
         "  %10 = concat %9, %8 {axes=[2]} : f32[3,B,10]\n"
         "  %11 = gather %10, %k {axis=2} : f32[3,B,4]\n"
         "  %12 = scatter %10, %k, %11 {kind=max, axis=2} : f32[3,B,10]\n"
         "  %13 = cumulative_reduce %12 {axes=[2], reverse=true} : f32[3,B,10]\n"
         "  %14 = argreduce %13 {kind=min, axes=[2]} : i32[3,B]\n"
         "  %15 = reduce %13 {kind=max, axes=[0,2]} : f32[B]\n"
         "  %16 = reduce_window %image {kind=max, window=[1,2,2,1], strides=[1,2,2,1],"
         " low=[0,0,0,0], high=[0,0,0,0]} : f32[B,4,4,2]\n"
         "  %17 = select_and_scatter %image, %16 {kind=max, window=[1,2,2,1], strides=[1,2,2,1],"
         " low=[0,0,0,0], high=[0,0,0,0]} : f32[B,8,8,2]\n"
         "  return %14, %15, %17\n"
         "}\n",
    /* no results, a name that is no word */
    HEAD "func @\"a \\\"name\\\"\"() {\n"
         "  return\n"
         "}\n",
};

enum { SAMPLE_GRAPHS = sizeof sample_graphs / sizeof *sample_graphs };

#endif
