set logscale y 2
set format y "2^{%L}"
set xlabel "terms n"
eval above("missing to two")
set key top right
plot "thing.tsv" using "n":"gap" with points title "measured", \
     2**(1 - x) title "predicted"
