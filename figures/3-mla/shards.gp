# Numbers stored for a token and layer on each device, against the devices.
eval size(640, 330)
set logscale x 2
set logscale y 2
set xlabel "devices"
set xrange [0.9:13]
set xtics (1, 2, 4, 8)
set yrange [90:65536]
set ytics ("128" 128, "512" 512, "2048" 2048, "8192" 8192, "32768" 32768)
eval above("numbers on each device, a token and layer")
set lmargin 7.5; set rmargin 1.5; set bmargin 2.8; set tmargin 2.2
set label 1 "MHA" at 8.5,4096 left tc lt 7
set label 2 "MLA" at 8.5,576 left tc lt 2
set label 3 "eight groups" at 2.2,1300 left tc lt 3
set label 4 "MQA" at 1.05,200 left tc lt 1
set label 5 "eight groups, MQA" at 8.5,256 left tc lt 3
unset label 5
plot "shards.tsv" using "gpus":"mha" with linespoints lt 7 lw 2 ps 0.6 pt 7, \
     "shards.tsv" using "gpus":"mla" with linespoints lt 2, \
     "shards.tsv" using "gpus":"gqa8" with linespoints lt 3, \
     "shards.tsv" using "gpus":"mqa" with linespoints lt 1 dt DASH
