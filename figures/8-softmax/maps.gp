# The plane of three logits under seven maps: a colour for each corner of the
# simplex, mixed by the weights; the smaller the dot, the fewer weights.
eval size(640, 375)
unset border; unset tics; unset grid
set size ratio -1
set xrange [-2.5:2.5]
set yrange [-2.5:2.5]

# The three colours, and their mixture by the weights.
mixed(r, g, b) = int(r) * 65536 + int(g) * 256 + int(b)
mix(c0, c1, c2) = c0 * column("p0") + c1 * column("p1") + c2 * column("p2")
colour(i) = mixed(mix(0, 230, 0), mix(114, 159, 158), mix(178, 0, 115))

# One in three points of the lattice, themselves a lattice.
row(y) = int(floor(y / 0.1732051 + 0.5))
place(x, y) = int(floor((x / 0.1 - row(y)) / 2 + 0.3)) - row(y)
kept(x, y) = (place(x, y) + 300) % 3 == 0
within(i) = abs(column("x")) < 2.42 && abs(column("y")) < 2.42
shown(name) = strcol("map") eq name && kept(column("x"), column("y")) && within(0) \
              ? column("x") : NaN
dot(i) = column("support") == 3 ? 0.76 : column("support") == 2 ? 0.5 : 0.28

names = "softmax normal entmax-1.25 entmax-1.5 taylor-2 uniform sparsemax"
titles = "'softmax' 'normal noise' 'entmax 1.25' 'entmax 1.5' \
          'Taylor, k = 2' 'uniform noise' 'sparsemax'"
set multiplot
do for [k = 1:words(names)] {
    name = word(names, k)
    left = k < 5 ? (k - 1) * 0.25 : 0.125 + (k - 5) * 0.25
    base = k < 5 ? 0.58 : 0.07
    set lmargin at screen left + 0.008; set rmargin at screen left + 0.242
    set bmargin at screen base; set tmargin at screen base + 0.415
    set label 1 word(titles, k) at graph 0.5,-0.095 center
    plot "maps.tsv" using (shown(name)):"y":(dot(0)):(colour(0)) \
             with points pt 7 ps variable lc rgb variable
}
unset multiplot
