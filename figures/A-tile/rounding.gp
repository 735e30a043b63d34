# Errors in units of 2^-24 of an element's size; lines are predictions.
set logscale x 2
set logscale y
set xrange [20:7400]
set yrange [1:40000]
set xtics (24, 96, 384, 1536, 6144)
set ytics ("1" 1, "10" 10, "100" 100, "1000" 1000, "10 000" 10000)
set xlabel "length k of the sums"
eval above("relative error, in roundings")
set lmargin 8; set rmargin 1.5; set bmargin 2.8; set tmargin 2
set label 1 "bound"         at 340,9000  right tc lt GREY
set label 2 "one chain"     at 1400,22 right tc lt 2
set label 3 "product" at 1700,3.6 left tc lt 1
plot "rounding.tsv" using "k":"bound" with lines lt GREY, \
     "rounding.tsv" using "k":"predicted_chain" with lines lt 2 dt DASH, \
     "rounding.tsv" using "k":"predicted" with lines lt 1, \
     "rounding.tsv" using "k":"chain":"se_chain" with yerrorbars lt 2 pt 4, \
     "rounding.tsv" using "k":"product":"se_product" with yerrorbars lt 1
