# Test images as unit vectors in the plane, a circle for each margin; a digit's
# colour and ring are its own.
eval size(640, 265)
unset border; unset tics; unset grid
set size ratio -1
set xrange [-1.45:1.45]
set yrange [-1.45:1.45]
of(m) = abs(column("margin") - m) < 1e-9
radius(i) = 0.82 + 0.045 * column("digit")
px(m) = of(m) ? column("x") * radius(0) : NaN
tint(i) = 1 + int(column("digit")) % 6
margins = "0 0.1 0.35"
set multiplot
do for [k = 1:3] {
    m = word(margins, k) + 0.
    set lmargin at screen (k - 1) / 3. + 0.005
    set rmargin at screen k / 3. - 0.005
    set bmargin at screen 0.10; set tmargin at screen 0.995
    set label 1 (k == 1 ? "no margin" : "margin " . word(margins, k)) \
        at graph 0.5,-0.04 center
    plot "points.tsv" using (px(m)):(column("y") * radius(0)):(tint(0)) \
             with points pt 7 ps 0.3 lc variable
}
unset multiplot
