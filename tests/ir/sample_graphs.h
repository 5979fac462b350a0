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
         "  %4 = pack %3 {permutation=[1,0]} : f32[3,B]\n"
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
    /* no results, a name that is no word */
    HEAD "func @\"a \\\"name\\\"\"() {\n"
         "  return\n"
         "}\n",
};

enum { SAMPLE_GRAPHS = sizeof sample_graphs / sizeof *sample_graphs };

#endif
