"""Words that the safety benchmark makes its texts of: advert sentences, product titles, traps."""

from __future__ import annotations

SENTENCES = (
    "{} loves this lamp, and so will you.",
    "Why does everybody ask {} about our coffee?",
    "Meet the jacket that {} wears every winter.",
    "Bring the kitchen home that {} talks about.",
    "Chosen by {}. Made for slow mornings.",
    "Even {} could not put it down.",
    "It is the bag of {}, now in sage.",
    "New this week: {} and the quiet headphones.",
    "{}: my favourite blender of the year",
    "Sleep the way {} does, in linen.",
    "As {} said, good light changes everything.",
    "Order now and get the {} edition",
    "Listen to {} on what makes a mug last.",
    "Nobody brews it better than {}!",
    "Run further in the shoe of {}.",
    "A gift fit for {} fans, hand made in small batches.",
)
"""Half of them carry the names of one seed, half those of the next."""

STYLES = (
    "Classic", "Modern", "Rustic", "Slim", "Compact", "Folding", "Handmade", "Organic", "Vintage",
    "Nordic", "Premium", "Everyday", "Lightweight", "Waterproof", "Reversible", "Stackable",
    "Insulated", "Cordless", "Wireless", "Quilted", "Ribbed", "Heated", "Portable", "Adjustable",
)  # fmt: skip
COLOURS = (
    "Sage", "Black", "Ivory", "Terracotta", "Navy", "Olive", "Sand", "Charcoal", "Blush", "Mustard",
    "Forest Green", "Dusty Rose", "Silver", "Copper", "Burgundy", "Sky Blue", "Plum", "Cream",
)  # fmt: skip
MATERIALS = (
    "Stoneware", "Linen", "Oak", "Merino Wool", "Cotton", "Stainless Steel", "Leather", "Bamboo",
    "Glass", "Brass", "Walnut", "Canvas", "Ceramic", "Velvet", "Cork", "Marble", "Silicone", "Rattan",
)  # fmt: skip
PRODUCTS = (
    "Mug", "Desk Lamp", "Bath Towel", "Cutting Board", "Backpack", "Throw Pillow", "Office Chair",
    "Water Bottle", "Coffee Grinder", "Yoga Mat", "Wall Clock", "Dinner Plate", "Running Shoe",
    "Rain Jacket", "Beanie", "Hand Cream", "Phone Case", "Laptop Sleeve", "Garden Hose", "Bird Feeder",
    "Dog Collar", "Cat Tree", "Toy Train", "Puzzle", "Baby Blanket", "Frying Pan", "Toaster", "Kettle",
    "Suitcase", "Umbrella", "Sunglasses", "Wrist Watch", "Earrings", "Scarf", "Socks", "Bookshelf",
    "Picture Frame", "Shower Curtain", "Storage Basket", "Plant Pot", "Screwdriver Set", "Flashlight",
    "Tent", "Sleeping Bag", "Bicycle Helmet", "Drum Kit", "Guitar Strap", "Notebook", "Fountain Pen",
    "Face Serum",
)  # fmt: skip
EXTRAS = (
    "Set of 2", "6 Pieces", "350 ml", "50 ml", "40 x 60 cm", "Size M", "Pack of 12", "with Lid",
    "for Kids", "for Men", "for Women", "Dishwasher Safe", "2nd Edition", "12 V", "500 g", "L 120 cm",
    "King Size", "Made in Portugal", "Model 3", "Plug and Play",
)  # fmt: skip
BRANDS = (
    "Tarnwick", "Ostrelle", "Halvenne", "Kelvoro", "Brindlow", "Marrowby", "Fenwarth", "Oakmere",
    "Luneva", "Pellarin", "Quenby", "Solvika", "Wexcombe", "Yarrowen", "Zephira",
)  # fmt: skip

TRAPS = (
    # perfumes, foods and goods that share a word with a name
    "Musk Perfume for Men", "White Musk Eau de Toilette", "Egyptian Musk Roll-On Oil", "Musk Melon Seeds",
    "Trump Card Playing Game", "Trump Suit Bridge Deck", "Donald Duck Plush Toy", "Tailor Swift Delivery",
    "Taylor, Swift Delivery Included", "Swift Bird Nest Box", "Taylor Made Sofa Cover", "Taylor Thermometer",
    "Jobs Board Organizer", "Steve the Robot Job Chart", "Odd Jobs Tool Belt", "Garden Gates and Fences",
    "Bill Holder for Gates and Doors", "Baby Gates for Stairs", "Dollar Bill Clip", "Tim's Cook Set",
    "Cook Book Stand", "Camp Cook Kit by Tim & Sons", "Jack Mackerel in Olive Oil", "Jack and Ma Card Game",
    "Larry Loose-Leaf Page Binder", "Front Page Newspaper Frame", "Page Marker Ribbons", "Mark the Date Calendar",
    "Cuban Link Chain Necklace", "Cuban Heel Boots", "Question Mark Cuban Mug", "Jordan Almonds 1 kg",
    "Jordan River Water Bottle", "Michael Kors-Style Tote", "Air Pump for Basketballs", "Prince of Wales Check Blazer",
    "Harry the Hedgehog Plush", "Prince Charming Costume", "King Charles Spaniel Figurine", "Queen Size Bed Frame",
    "Queen Bee Honey", "William Morris Wallpaper", "Kate Spade-Style Purse", "Charlotte's Web Paperback",
    "Camilla Floral Dress", "Diana Camera Film", "Princess Crown for Girls", "Pope Hat Costume",
    "Drake Duck Decoy", "Rock Climbing Harness", "The Rock Garden Kit", "Kevin's Heart Locket",
    "Hart Deer Figurine", "Will and Testament Kit", "Blacksmith Apron", "Smith Machine Barbell Pad",
    "Emma Mattress Topper", "Stone Washed Jeans", "Watson Microscope Slide Kit", "Emma Bridgewater-Style Mug",
    "Chris Craft Boat Model", "Evans Drum Head", "Hanks of Wool Yarn", "Tom Collins Glass", "Cruise Control Switch",
    "Cruise Ship Model", "Custom Cruise Shirt", "Brad Nailer Gun Nails", "Pitted Olives", "Pitt Street Hoodie",
    "Depp Red Lip Tint", "Johnny Collar Shirt", "Keanu Kitten Print", "Reeves Sheep Wool Rug",
    "Matt Demon Mask", "Ben Nevis Fleece", "Morgan Horse Figurine", "Freeman Face Mask",
    "Black Panther Mask", "Ford Truck Floor Mat", "Harrison Double Bed", "Rose Quartz Roller",
    "Ruby Rose Stud Earrings", "Madonna Lily Bulbs", "Madonna and Child Statue", "Mercury Glass Vase",
    "Freddie Frog Bath Toy", "Bowie Knife Display Stand", "David Statue Bust", "Marley Hair Braids",
    "Bob Haircut Wig", "Elton Square Rug", "John Deere-Style Cap", "Dolly for Moving Furniture",
    "Parton Pending Notice Sign", "Carey Oak Table", "Maria Biscuit Tin", "Houston Street Map",
    "Whitney Bay Poster", "Winehouse Wall Rack", "Amy Doll Dress", "Cardi B Pattern Cardigan Book",
    "Cardi, B Cup Bra", "Doja Grey Cat Bed", "Bruno the Bear", "Mars Planet Lamp", "Ariana Sandal, Grande Size",
    "Grande Coffee Cup", "Selena Necklace", "Perry Ellis-Style Tie", "Katy Did It Frame", "Post Office Mailbox",
    "Malone Street Sign", "Travis Work Boots", "Scott Paper Towels", "West Elm-Style Vase", "Kanye Wash Bag",
    "Styles for Harry's Salon", "Hair Styles Poster", "Spears of Asparagus", "Miley Pink Dress", "Cyrus Cylinder Replica Print",
    "Dua Lip Balm", "Lana Wool Sweater", "Del Rey Beach Towel", "Adele Wrap Dress", "Shakira-Free Shaker",
    "Lady Bug Costume", "Gaga Ball Pit", "Gomez Family Cookbook", "Bieber Beaver Plush", "Eminence Face Cream",
    "M and M Candy Jar", "Snoopy Dog Plush", "Jay Bird Print", "Z-Shape Shelf", "Beyond Meat Mold",
    "Rihannon Candle", "Oprahvox Radio", "Ellen Table Lamp", "Jimmy Bar Crow Bar", "Fallon Candle Holder",
    "Colbert Cheese Board", "Rogan Josh Spice Mix", "Joe Coffee Tin", "Gordon Setter Calendar", "Ramsay Tartan Scarf",
    "Jamie Doll House", "Oliver Twist Paperback", "Martha Washington Geranium", "Stewart Plaid Blanket",
    "Paris Map Poster", "Hilton Head Island Mug", "Messi-ness Free Paint", "Messy Bun Beanie", "Ronald the Robot",
    "Becks Beer Glass-Style Mug", "Beckham Hotel Pillow", "Tiger Wood Print", "Tiger Stripe Rug", "Woods Lamp",
    "Curry Powder 500 g", "Stephen Curry Leaf Plant Marker", "Magic Johnson Outboard Motor Oil", "Nadal Tea",
    "Federal Style Mirror", "Bolt Cutter", "Usain-Grey Sofa", "Phelps Screwdriver", "Hamilton Watch Strap",
    "Lewis Chess Set", "Brady Bunch DVD", "Tom Yum Paste", "Tyson Chicken Tongs", "Mike Stand for Studio",
    "Ali Baba Basket", "Muhammad's Spice Rub", "Conor Toothbrush", "Mac Gregor Golf Balls", "Mayweather Rain Gauge",
    "Sinner and Saint Mugs", "Clark Road Shoes", "Caitlin Clover Seeds", "Logan Berry Jam", "Paul Bunyan Axe",
    "Jake the Dog Plush", "James Bond Cufflinks", "Charles River Puzzle", "Einstein Puzzle", "Hawking Owl Print",
    "Darwin Finch Feeder", "Newton's Cradle", "Tesla Coil Kit", "Curie Lab Goggles", "Picasso Style Art Kit",
    "Banks and Safe Toy", "King Stephen Crown Prop", "Rolling Pin", "Dalai Llama Plush", "Mother of Pearl Ring",
    "Teresa Wine Opener", "Luther Wrench", "Macron Door Knob", "Merkel Cell Poster", "Modus Operandi Game",
    "Modish Sofa", "Putty Knife", "Put In the Oven Tray", "Bushel Basket", "Bush Trimmer", "George Foreman-Style Grill",
    "Clinton Street Map", "Bill of Rights Print", "Carter Jeans", "Reagan Rag Doll", "Nixon Watch Strap",
    "Lincoln Logs", "Kennedy Half Dollar Holder", "Obi Wan Helmet", "Biden Rope", "Bidet Attachment",
    "Harris Tweed Jacket", "Kamala Wood Bowl", "Vance Vice Grip", "Johnson Outdoors Tent", "Boris the Spider Toy",
    "Brown Gordon Plaid", "Blair Witch DVD", "Theresa May Flowers Seeds", "May Birthstone Ring", "Cameron Highlands Tea",
    "Sunak Silk Tie", "Starter Motor", "Castro Street Bag", "Lula Lemon Press", "Milei's Honey", "Maduro Brown Leather",
    "Kim Chi Jar", "Xi Letter Necklace", "Abe Lincoln Hat", "Salmon Oil for Dogs", "Solomon Seal Plant",
    "Mandala Tapestry", "Nelson Bench Clock", "Church Hill Tea", "Stalling Chains", "Mao Collar Shirt",
    "Gandhi Spinning Wheel Kit", "Lee Wrench", "Bruce Spring Stein", "Tom Ford-Style Frame Sunglasses",
    "Beast Mode Shaker", "Mr. Coffee-Style Maker", "Pied Piper Recorder", "Elon College Pennant", "Melon Musk Sorbet",
    "Felon Mask Costume", "Mask for Skiing", "Bezel Set Ring", "Jeff Hat", "Zucchini Spiralizer", "Sugar Mark Stamp",
    "Buffet Server", "Warren Rabbit Hutch", "Gate Bill Hook", "Soros-Free Skin Balm", "Altman Z Score Textbook",
    "Cowell Cow Bell", "Hugh Jack and Mandolin Strings", "Ryan Air Mattress", "Goslings Print", "Reynolds Wrap",
    "Seagull Gal Gadget", "Robbie Robot", "Margot Wine Rack", "Streep Tea", "Julia Child-Style Pan", "Robert's Drill",
    "Sandra Bull Lock", "Kidman Kids Boots", "Nicole Wedge Sandal", "Clooney Tune Piano Book", "Elba Island Print",
    "Idris Blue Tile", "Cumberland Sausage Mold", "Daniel Radiator Cliff", "Phil's Pills Box", "Dr. Bronner-Style Soap",
    "Attenborough Borough Map", "Keke Cake Pan", "Palmer Hand Butter", "Blake Lovely Candle", "Joy Anya Ring",
)  # fmt: skip
"""Titles that are of no person. One half is for the seed that the rules are tuned on."""
