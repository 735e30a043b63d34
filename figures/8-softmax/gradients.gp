# Half the sum of the absolute Jacobian over the plane of three logits.
eval size(640, 235)
unset border; unset tics; unset grid
set size ratio -1
set xrange [-2.5:2.5]
set yrange [-2.5:2.5]
set cbrange [0:2]
unset colorbox

row(y) = int(floor(y / 0.1732051 + 0.5))
place(x, y) = int(floor((x / 0.1 - row(y)) / 2 + 0.3)) - row(y)
kept(x, y) = (place(x, y) + 300) % 3 == 0
within(i) = abs(column("x")) < 2.42 && abs(column("y")) < 2.42
shown(name) = strcol("map") eq name && kept(column("x"), column("y")) && within(0) \
              ? column("x") : NaN

names = "softmax entmax-1.5 sparsemax"
titles = "'softmax' 'entmax 1.5' 'sparsemax'"
set multiplot
do for [k = 1:3] {
    name = word(names, k)
    set lmargin at screen (k - 1) * 0.295 + 0.005
    set rmargin at screen (k - 1) * 0.295 + 0.285
    set bmargin at screen 0.15; set tmargin at screen 0.98
    set label 1 word(titles, k) at graph 0.5,-0.10 center
    if (k == 3) {
        set colorbox user origin 0.905,0.2 size 0.025,0.7 noborder
        set cbtics ("0" 0, "1" 1, "2" 2)
    }
    plot "gradients.tsv" using (shown(name)):"y":"half" \
             with points pt 7 ps 0.98 lc palette
}
unset multiplot
