# Above: along training, each loss at its best rate.  Below: after training,
# against the rate; a ring is the rate that the validation images chose.
eval size(640, 670)
set datafile missing NaN                # lines run on over other losses' rows
stats "digits.tsv" using "epoch" name "E" nooutput
M = "misread [%]"
name(k) = k == 1 ? "cross-entropy" : k == 2 ? "sparsemax loss" : \
          k == 3 ? "smooth accuracy" : k == 4 ? "epsilon, sparsemax" : \
          "as printed, softmax"
type(k) = int(substr("13462", k, k))
mark(k) = k == 5 ? DOTS : k == 2 ? DASH : 1
is(m, k) = strcol("model") eq m && strcol("loss") eq name(k)

# The rates that the validation images chose, as losses.tsv has them.
array chosen[10]
do for [i = 1:10] {
    m = i > 5 ? "mlp" : "linear"
    k = i > 5 ? i - 5 : i
    stats "losses.tsv" using (is(m, k) ? column("rate") : NaN) name "C" nooutput
    chosen[i] = C_min
}
best(m, k) = chosen[(m eq "mlp" ? 5 : 0) + k]
at(m, k) = is(m, k) && abs(column("rate") / best(m, k) - 1) < 1e-6
along(m, k) = at(m, k) ? column("epoch") : NaN
fifth(m, k) = int(column("epoch")) % 5 == 0 ? along(m, k) : NaN
after(m, k) = is(m, k) && column("epoch") == E_max ? column("rate") : NaN
ring(m, k) = at(m, k) ? after(m, k) : NaN

set logscale y
set yrange [1.2:130]
set ytics ("2 %%" 2, "5 %%" 5, "10 %%" 10, "30 %%" 30, "90 %%" 90)
set multiplot
do for [p = 1:4] {
    m = p % 2 ? "linear" : "mlp"
    set lmargin at screen p % 2 ? 0.115 : 0.595
    set rmargin at screen p % 2 ? 0.505 : 0.985
    set tmargin at screen p < 3 ? 0.945 : 0.45
    set bmargin at screen p < 3 ? 0.605 : 0.105
    if (p == 2 || p == 4) { set format y "" ; set ytics ("" 2, "" 5, "" 10, "" 30, "" 90) }
    if (p == 3) { set ytics ("2 %%" 2, "5 %%" 5, "10 %%" 10, "30 %%" 30, "90 %%" 90) }
    if (p < 3) {
        eval above(p == 1 ? "linear" : "with a hidden layer")
        set xlabel "epochs"
        set xrange [-0.8:E_max + 0.8]
        set xtics E_max / 2
    } else {
        eval above("after training")
        set logscale x 2
        set xlabel "learning rate"
        set xrange [1e-5:6]
        set xtics ("2^{-15}" 2**-15, "2^{-10}" 2**-10, "2^{-5}" 2**-5, "1" 1)
    }
    if (p == 1) {
        set label 1 "as printed"     at graph 0.97,0.86 right tc lt 2
        set label 2 "with ε"         at graph 0.97,0.77  right tc lt 6
        set label 3 "-p_t"           at graph 0.6,0.475 left  tc lt 4
        set label 4 "sparsemax loss" at graph 0.97,0.155 right tc lt 3
        set label 5 "cross-entropy"  at graph 0.97,0.06  right tc lt 1
    } else { do for [i = 1:5] { unset label i } }
    if (p < 3) {
        plot for [k = 1:5] "digits.tsv" using (along(m, k)):M with lines lt type(k) dt mark(k), \
             for [k = 1:5] "digits.tsv" using (fifth(m, k)):M:"se" with yerrorbars lt type(k)
    } else {
        plot for [k = 1:5] "digits.tsv" using (after(m, k)):M with lines lt type(k) lw 1.4 dt mark(k), \
             for [k = 1:5] "digits.tsv" using (after(m, k)):M:"se" with yerrorbars lt type(k), \
             for [k = 1:5] "digits.tsv" using (ring(m, k)):M with points lt type(k) pt 6 ps 1.4
    }
}
unset multiplot
