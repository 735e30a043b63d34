set logscale x 2
set xrange [14:2400]
set yrange [0:105]
set xtics (16, 32, 64, 128, 256, 512, 1024, 2048)
set ytics 25
set xlabel "side n of the matrices"
eval above("share of the peak [%]")
set lmargin 6; set rmargin 1.5; set bmargin 2.8; set tmargin 2
set key bottom right
plot "sizes.tsv" using "n":"one [%]" with linespoints lt 1 title "one thread", \
     "sizes.tsv" using "n":"all [%]" with linespoints lt 2 dt DASH \
         title "all threads, share of what all reach"
