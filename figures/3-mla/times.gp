# One decoding step of a layer's attention against the context.
eval size(640, 440)
set datafile missing "nan"
set logscale x 2
set logscale y
set xlabel "context"
D = "decode-times.tsv"
set xrange [230:90000]
set xtics ("256" 256, "1k" 1024, "4k" 4096, "16k" 16384, "64k" 65536)
set yrange [0.09:2500]
set ytics ("0.1 ms" 0.1, "1 ms" 1, "10 ms" 10, "100 ms" 100, "1 s" 1e3)
set mxtics 1; set mytics 1
set lmargin 8; set rmargin 1.5; set bmargin 6.6; set tmargin 0.8
set key at screen 0.52,0.02 center bottom vertical maxrows 3 samplen 2 spacing 1.1
plot D using "context":"reexpanded" with linespoints lt 5 dt DOTS title "MLA, re-expanded", \
     D using "context":"naive" with linespoints lt 4 dt DASH title "MLA, expanded", \
     D using "context":"mha" with linespoints lt 1 title "MHA", \
     D using "context":"absorbed" with linespoints lt 2 title "MLA, absorbed", \
     D using "context":"gqa8" with linespoints lt 3 title "eight groups", \
     D using "context":"mqa" with linespoints lt 7 lw 2 pt 7 ps 0.5 dt DASH title "MQA"
