"""The demo shop: a catalogue made by hand, products made by rule, pictures of them all, and settings to sell them by.

`catalogue/` holds one TOML file per top-level category. Prices are in US dollars, weights in grams.

Categories, keyed by slug; the one without `parent` is the top. A parent stands above its children:

    [categories.clothing]
    name = "Clothing"                  # unique in the whole shop
    description = "What to wear."      # optional

    [categories.womens-clothing]
    name = "Women's clothing"
    parent = "clothing"

Products, keyed by slug:

    [products.merino-crew-sweater]
    name = "Merino Crew Sweater"
    category = "womens-knitwear"       # a slug from the same file
    description = "..."
    picture = "sweater"                # what to draw; `drawings/` has the kinds
    colours = ["navy", "oatmeal"]      # of the pictures; left out when there is an option Colour
    sku = "MERINO-CREW"                # variants add their values: MERINO-CREW-M-NAVY
    barcodes = true                    # give each variant an EAN-13 (default: none)
    price = 98.00                      # of every variant
    compare_at_price = 120.00          # what it cost before the sale (optional)
    cost_price = 41.50                 # what the shop paid (optional)
    weight_grams = 320                 # optional
    low_stock_threshold = 5            # default 10
    track_inventory = false            # default true
    units_sold = 1240                  # default 0
    rating = 4.7                       # average of `reviews` reviews; both default to 0
    reviews = 312
    status = "draft"                   # or "active" (default), "archived"
    published = 2026-03-14             # default: some day of the year before `dates.NEWEST`
    seo_title = "..."                  # optional, as is seo_description

    options.Size = ["S", "M", "L"]     # at most three options
    options.Colour = ["Navy", "Oatmeal"]

Every combination of option values is a variant. `stock` says how many there are: one number for each of them; or, with
one option, a list with a number per value; or, with two, a row per value of the second one:

    [products.merino-crew-sweater.stock]
    Navy    = [12, 30, 44]             # S, M, L
    Oatmeal = [ 8,  0, 25]

Exceptions come last. Each names one or more option values, and what differs for variants that have all of them: any of
`price`, `compare_at_price`, `cost_price`, `weight_grams`, `low_stock_threshold`, `track_inventory`, `stock`, `sku`; or
`missing = true` for a combination that is not made:

    [[products.merino-crew-sweater.except]]
    Size = "L"
    price = 104.00
"""
