"""The words of the sample data: what customers write to a shop that sells devices and a
subscription. Our own texts.
"""

from __future__ import annotations

from collections.abc import Mapping

# [a|b] stands for one of its parts, {name} for one of the slot's words.
PROBLEMS: Mapping[str, tuple[str, ...]] = {
    "billing": (
        (
            "[I was charged|You charged me|My card was charged] {amount} [twice|two times] for [one"
            " order|order {order}]."
        ),
        (
            "There is a [charge|payment] of {amount} [on my card|on my statement] that I [don't"
            " recognise|never approved]."
        ),
        (
            "My [invoice|bill] for {month} [shows|says] {amount}, but [the price on your site|my"
            " contract] says less."
        ),
        (
            "The [discount|voucher] code {code} was accepted, [yet the full {amount} was taken|but"
            " nothing came off the bill]."
        ),
        (
            "[Your checkout|The payment page] keeps declining my card [even though my bank says it"
            " is fine|without a reason]."
        ),
        (
            "[I need|Please send me|Our office needs] an invoice with [a VAT number|the company"
            " name] for order {order}."
        ),
        (
            "[Why did|Can you tell me why] my monthly [bill|payment] [went|go] up to {amount}"
            " [without notice|since {month}]?"
        ),
        (
            "The receipt for my {product} [has the wrong billing address|is made out to somebody"
            " else|shows the wrong date]."
        ),
        (
            "I paid by bank transfer {ago} and the order [still says payment pending|is still"
            " marked as unpaid]."
        ),
        (
            "[Could you explain|What is] the {amount} [service|handling|late] fee on my last"
            " [statement|invoice]?"
        ),
        (
            "I'd like to [switch from PayPal to a credit card|pay by direct debit|update the card"
            " that you have on file]."
        ),
        (
            "The total at checkout was {amount}, but my [bank|card app] shows [a different sum|ten"
            " percent more]."
        ),
        (
            "[The invoice for {month} never came|I can't find my invoice for {month}], and"
            " [accounting|my tax adviser] asks for it."
        ),
        "[Tax|The import duty] was added twice to the bill for [order {order}|my {product}].",
        "You [billed|charged] us for {count} licences, but only {fewer} people [use|have] one.",
        (
            "Can I pay for the {product} in [three instalments|monthly parts], and [what would that"
            " cost|is there interest]?"
        ),
        (
            "[A reminder came|I got a second reminder] for a bill that I [paid {ago}|settled in"
            " {month}]."
        ),
        (
            "My [gift card of {amount}|voucher from {month}] was not taken off [the total|the price"
            " of the {product}]."
        ),
    ),
    "refund": (
        "I was promised my money back {ago} and [nothing has arrived|my account is still empty].",
        "When will the {amount} for [order {order}|the {product}] be back on my [card|account]?",
        "You only [gave|paid] me back {amount}; [the rest is missing|where is the rest]?",
        (
            "I want my money back for the {product}, [it was never sent|which is nothing like the"
            " pictures]."
        ),
        (
            "The refund [was sent|went] to [a card that I closed|my old bank account]; how do I get"
            " it now?"
        ),
        (
            "[Your agent|The lady on the phone] said a refund takes five days; it has been [two"
            " weeks|almost a month]."
        ),
        (
            "Can I [get the refund as store credit|have the {amount} as a voucher|be repaid in"
            " cash] instead of [on|to] my card?"
        ),
        (
            "Please [refund|pay back] the shipping costs, [the parcel came far too late|you"
            " promised free shipping]."
        ),
        (
            "I [cancelled|called off] order {order} within [an hour|minutes] and [want my {amount}"
            " back|see no refund yet]."
        ),
        "The refund [e-mail|notice] says {amount}, but I paid [more than that|a good deal more].",
        (
            "[Is it possible to|Can you] refund only the {accessory} and [keep|leave] the rest of"
            " the order?"
        ),
        (
            "My refund request for the {product} was [refused|turned down] and nobody [told me"
            " why|gave a reason]."
        ),
        (
            "The price dropped [the day after|a week after] I bought the {product}; [will you"
            " refund the difference|any refund]?"
        ),
        (
            "[It has said refunded|My account has shown a refund] since {day}, but [the bank sees"
            " no payment|no money came]."
        ),
        (
            "Half of the {amount} [was kept as a restocking fee|was withheld]; I [do not agree|was"
            " never told]."
        ),
        "What do you need from me to [release|start] the refund for order {order}?",
        (
            "You repaid me in [dollars|pounds] and I [lost|am short of] {amount} through the"
            " exchange rate."
        ),
        (
            "My late [mother|uncle] paid for this; [can the refund go to me|to whom will the money"
            " be refunded]?"
        ),
    ),
    "delivery": (
        "My parcel with the {product} [should have been here {ago}|is more than a week late].",
        "[Tracking|The status] for order {order} [has not moved|hasn't changed] since {day}.",
        (
            "The courier says it was [delivered|handed over], but [there is nothing at my"
            " door|nobody here signed for it]."
        ),
        (
            "Can you [change|correct] the delivery address of order {order} before it ships? [We"
            " moved|I forgot the flat number]."
        ),
        "How long does shipping to {city} [usually take|take at this time of year]?",
        (
            "The [box|parcel] arrived [open|crushed|soaked] and the {accessory} [is missing|is not"
            " inside]."
        ),
        "[I'll be away|Nobody is home] until {day}, can [the delivery wait|you ship it later]?",
        (
            "The driver [left|dropped] my {product} [in the rain|by the bins|on the street] [in"
            " front of the house|and drove off]."
        ),
        (
            "I paid [extra|{amount}] for express shipping and the parcel [is still in your"
            " warehouse|takes as long as ever]."
        ),
        "[Half|Only a part] of order {order} came today; when does the [rest|other half] arrive?",
        (
            "Someone else's parcel was [delivered|brought] to me, the label says {city}. [Who picks"
            " it up|What now]?"
        ),
        (
            "The tracking [link|number] in your e-mail [leads to an error page|is unknown to the"
            " courier]."
        ),
        (
            "[Do you deliver|Is delivery possible] to a [pick-up point|parcel locker] [near"
            " {city}|at the station]?"
        ),
        (
            "The courier tried once [at noon|at seven in the morning], left no card and [sent it"
            " back|is not coming again]."
        ),
        "[Is|Why is] there no delivery to [islands|{city}|army addresses] [anymore|at all]?",
        (
            "Can {count} {product}s be [shipped together|sent to two addresses], and [when would"
            " they come|how fast]?"
        ),
        (
            "It has been stuck in customs [since {day}|for nine days] and [nobody tells me why|they"
            " want papers from you]."
        ),
        (
            "Which company [brings|carries] the parcels to {city}, and [can I call them|do they"
            " come on Saturdays]?"
        ),
    ),
    "returns": (
        "How do I [send back|return] the {product}? It [is too big for us|is not what I expected].",
        (
            "I'd like to [exchange|swap] the {product} for [the {colour} one|a smaller one|the"
            " model above it]."
        ),
        (
            "The return label [you sent|in the mail] [cannot be printed|is for another country|has"
            " expired]."
        ),
        (
            "I [shipped|mailed] the {product} back {ago} and [it still shows as not returned|heard"
            " nothing since]."
        ),
        "What is the last day to [return|bring back] something [bought|delivered] on {day}?",
        (
            "[Do I have to|Must I] send the {product} back in its original [box|packaging]? [I"
            " threw it away|It is torn]."
        ),
        (
            "You sent me the {colour} version; I [ordered another colour|chose {colour2}] and [want"
            " to swap it|need the right one]."
        ),
        (
            "[Can I|Is it possible to] hand in a return at your [store|counter] in {city} instead"
            " of mailing it?"
        ),
        (
            "I opened the {product} [to try it once|and charged it]; can it still [go back|be"
            " returned]?"
        ),
        "The {accessory} is the wrong size, please exchange it for a [bigger|smaller] one.",
        "[Which address do I use|Where do I send it] to return order {order}?",
        (
            "It was a [gift|raffle prize] and I have no [receipt|order number]; is an exchange"
            " possible?"
        ),
        (
            "The pick-up for my return was booked for {day} and [nobody came|the driver refused the"
            " box]."
        ),
        "[Who pays|Do I pay] the postage if I return [only the {accessory}|one of {count} things]?",
        (
            "I [packed|put] the wrong {product} into the return [box|parcel]; how do I get"
            " [mine|it] back?"
        ),
        (
            "[May I|Can I] return the {product} after [thirty|forty] days if [the box is"
            " unopened|it never worked well]?"
        ),
        (
            "The shop in {city} [would not take|refused] my return because [it was bought"
            " online|the seal is broken]."
        ),
        (
            "Please [send|e-mail] me a return form for order {order}, the [one in the box is"
            " missing|page gives no form]."
        ),
    ),
    "account access": (
        (
            "I can't [log in|sign in], it says my password is wrong although I [just reset it|have"
            " never changed it]."
        ),
        (
            "The password reset [e-mail|link] never arrives, [not even in the spam folder|on none"
            " of my addresses]."
        ),
        (
            "My account is [locked|blocked] after [too many attempts|three tries], please"
            " [unlock|open] it."
        ),
        "I have a new [phone|number] and the [verification|login] code still goes to the old one.",
        "How do I change the [e-mail address|user name|date of birth] [of|in] my account?",
        (
            "[Someone|A stranger] logged in to my account from {city}, [and it wasn't me|and"
            " changed my address]."
        ),
        (
            "I signed up with [Google|Apple] and now it asks for a password that I [never had|never"
            " set]."
        ),
        "The [confirmation|activation] link for my new account [has expired|opens an empty page].",
        (
            "It says that no account exists for my address, but I [ordered {ago}|have had one for"
            " years]."
        ),
        "I get logged out [every few minutes|on every page] and must [type the code|start] again.",
        "Please [delete|erase] my account and all data that you [keep about me|have from me].",
        (
            "Can two people in our [family|office] share one login, or [does each need their own|is"
            " that forbidden]?"
        ),
        (
            "The six-digit code is always [rejected|too old], even when I type it [right"
            " away|within seconds]."
        ),
        (
            "I [lost|broke] the phone with my authenticator app; [how do I get in|what can I do"
            " without it]?"
        ),
        (
            "The security question asks for my first [pet|school], and [my answer is refused|I"
            " don't remember it]."
        ),
        (
            "My [husband|colleague] left and I need [the owner rights|to take over the login] of"
            " our account."
        ),
        (
            "There are two accounts [under my name|with my address]; please [merge them|close the"
            " older one]."
        ),
        (
            "[The login page|Your sign-in form] does not accept [passwords longer than 16"
            " letters|the plus sign in my address]."
        ),
    ),
    "technical issue": (
        (
            "My {product} won't [turn on|start|wake up] anymore, the light just [blinks red|stays"
            " off]."
        ),
        (
            "The app [crashes|freezes|closes] on my {phone} as soon as I open the"
            " [settings|map|history]."
        ),
        (
            "Since the update {ago} the {product} no longer [connects to the wifi|finds the"
            " router|charges fully]."
        ),
        (
            "The screen of my {product} [flickers|goes green|has a dark stripe] when [the"
            " brightness is low|it gets warm]."
        ),
        "Bluetooth drops [every few minutes|in every call] between the {product} and my {phone}.",
        (
            "The battery of the {product} is empty after [two hours|half a day], [it used to last"
            " two days|even when idle]."
        ),
        "I get error {error} when I try to [sync my data|export the log|install the update].",
        (
            "[Your website|The support page] shows a blank page on my {phone}, [in every"
            " browser|since {day}]."
        ),
        "The {product} makes a loud [clicking|buzzing] noise and gets very [hot|slow].",
        "The firmware update is stuck at {percent} percent [for hours|and starts over each time].",
        "Sound comes out of only one side of the {product}, [whatever I play|and it crackles].",
        "The app does not [find|see] the {product}, even [right next to it|after a new pairing].",
        (
            "After the reset [all my settings are gone|the menu is in Finnish] and the backup fails"
            " with {error}."
        ),
        (
            "The charging port of the {product} is [loose|bent], it only charges [at an angle|when"
            " I hold it]."
        ),
        (
            "The {product} shows the wrong [time|temperature|battery level], [off by an"
            " hour|whatever I set]."
        ),
        (
            "Voice control [stopped working|hears nothing] on the {product} [since the clocks"
            " changed|when music plays]."
        ),
        (
            "[Pictures|Recordings] from the {product} [are black|stop after ten seconds|have no"
            " sound]."
        ),
        (
            "Buttons on my {product} [react late|stick|do nothing], [above all in the cold|the left"
            " one most of all]."
        ),
    ),
    "cancellation": (
        "Please cancel my [subscription|membership] [at the end of {month}|as soon as possible].",
        "I want to [end|quit] my membership, where is the [button|form] for that?",
        (
            "[Cancel|Please stop] order {order}, I [ordered the wrong {product}|clicked twice by"
            " mistake]."
        ),
        "I cancelled the [plan|subscription] {ago} and it was [renewed|extended] anyway.",
        (
            "The free trial ends on {day}, [stop|end] it before it [turns into a paid plan|costs me"
            " anything]."
        ),
        (
            "How much notice do I have to give to [cancel|get out of] the [yearly|family|business]"
            " plan?"
        ),
        (
            "I'd like to [pause|freeze] my subscription for [two months|the winter] instead of"
            " ending it."
        ),
        "We no longer need the premium plan, please [move us back to the free one|end it].",
        "Can an order be [stopped|called off] when its status is already [in preparation|packed]?",
        "I got no [confirmation|e-mail] that my subscription [has been cancelled|is really over].",
        "My father passed away and I would like to [close|end] his [subscription|contract].",
        (
            "The cancel page [sends me round in circles|never lets me finish|asks me to call a dead"
            " number]."
        ),
        "I don't use the service anymore, please [do not renew my contract|let it run out].",
        "[Does my plan end|Will it stop] by itself [after a year|in {month}], or must I cancel it?",
        (
            "I [withdraw|step back] from the [purchase|pre-order] of the {product} [within the"
            " fourteen days|before it ships]."
        ),
        (
            "Our [club|school] is closing, so please terminate all {count} [licences|seats] [by"
            " {month}|today]."
        ),
        (
            "If I cancel now, can I [use|keep] the service until {month}, [or is it cut at once|as"
            " it is paid for]?"
        ),
        "[I changed my mind|I regret it] and want to take back my cancellation of {day}.",
    ),
    "product question": (
        "Does the {product} [work|pair] with [a {phone}|my {phone}|older phones]?",
        (
            "What is the difference between the {product} and the one from [last year|the cheaper"
            " line]?"
        ),
        "Is the {product} [waterproof, or only splash-proof|fit for the sauna|safe in the rain]?",
        (
            "Which {accessory} [fits|goes with] the {product}, [the long or the short one|and is it"
            " included]?"
        ),
        "When will the {colour} {product} be [back in stock|available again]?",
        (
            "How long is the warranty on the {product}, [and does it cover drops|and can it be"
            " extended]?"
        ),
        "Can I use the {product} without [creating an account|the app|a phone at all]?",
        "How [heavy|large|loud] is the {product}, and does it come with a case?",
        (
            "Do you have a version of the {product} with a [British plug|longer cable|French"
            " keyboard]?"
        ),
        "Is there a discount for [students|schools|nurses] on the {product}?",
        (
            "Does the {product} need the internet, or does it also work [offline|on a boat|in the"
            " mountains]?"
        ),
        "Where can I find the [manual|data sheet] of the {product} in [Spanish|large print]?",
        "Can two {accessory}s be used with it [at the same time|on one outlet]?",
        (
            "I'm choosing between the {product} and [a cheaper one|the {colour} edition]; what"
            " would you advise?"
        ),
        (
            "Is the {product} [suitable|safe] for [children under six|people with a"
            " pacemaker|left-handers]?"
        ),
        (
            "How many [hours|days] does the {product} run on one charge, [in winter too|with the"
            " light on]?"
        ),
        "Where is the {product} made, and [is the plastic recycled|can parts be replaced]?",
        (
            "Will there be a new {product} [this autumn|in {month}], or [should I buy now|is this"
            " the latest]?"
        ),
    ),
}

DETAILS: Mapping[str, tuple[str, ...]] = {
    "billing": (
        "My bank asks me to clear this up with you.", "I have the statement here if you need it.",
        "This is the second month in a row.", "Nobody told me about that at checkout.",
        "The card ends in {digits}.", "Please correct it before the next payment.",
        "I pay by {card}.", "My customer number is {digits}.",
    ),
    "refund": (
        "It was confirmed on {day}.", "I have attached the confirmation.",
        "My bank sees nothing either.", "I need that money this month.",
        "The order number is {order}.", "I have written twice already.", "I paid by {card}.",
        "This is getting frustrating.",
    ),
    "delivery": (
        "The order number is {order}.", "My neighbours have not seen it either.",
        "I need it by {day}.", "It is a present for my {relative}.", "I waited at home all day.",
        "The last scan was in {city}.", "This happened before.", "I live on the third floor.",
    ),
    "returns": (
        "It is unused and complete.", "I bought it {ago}.", "The order number is {order}.",
        "I'd rather not pay for the postage.", "The box is still sealed.",
        "I have kept all the packaging.", "My {relative} has the same one.",
        "I can drop it off on {day}.",
    ),
    "account access": (
        "I tried another browser as well.", "My user name has not changed.",
        "I need to get in today.", "It worked fine until {day}.", "I have cleared the cache twice.",
        "This is rather urgent.", "I use a {phone}.", "My orders are all in there.",
    ),
    "technical issue": (
        "I have restarted it several times.", "It worked fine until {day}.", "I bought it {ago}.",
        "I use the latest version.", "A factory reset did not help.",
        "It is not the cable, I tried two.", "My {relative} has the same problem.",
        "I can send you a video.",
    ),
    "cancellation": (
        "I found no way to do it myself.", "Please confirm it in writing.", "I'm moving to {city}.",
        "I signed up {ago}.", "The price has become too high for me.",
        "Thanks for the time so far.", "My contract number is {digits}.",
        "I called on {day} and nobody answered.",
    ),
    "product question": (
        "I'd like to order this week.", "Your page does not say.", "It is for my {relative}.",
        "I could not find it in the manual.", "The reviews say different things.",
        "I already own the {accessory}.", "My budget is about {amount}.",
        "The shop in {city} could not tell me.",
    ),
}  # fmt: skip

OPENINGS = (
    "", "", "", "", "", "", "", "", "Hi,", "Hello,", "Hi there,", "Hello team,", "Good morning,",
    "Good evening,", "Dear support,", "Hey,", "Hi, quick question.", "Hello, I hope you can help.",
    "Dear Sir or Madam,", "I need some help here.", "Sorry to bother you.",
    "Not sure if this is the right place.", "Hello again,", "I've been a customer for years.",
    "First of all, nice shop.", "{person} here.",
)  # fmt: skip

CLOSINGS = (
    "", "", "", "", "", "", "", "", "Thanks!", "Thank you.", "Thanks in advance.", "Please help.",
    "{person}", "Cheers", "Best regards, {person}", "Looking forward to your answer.",
    "Could you look into it?", "Kind regards, {person}", "Please get back to me soon.",
    "I'd appreciate a quick reply.", "Can someone call me?", "Many thanks, {person}",
    "Let me know.", "Have a nice day.",
)  # fmt: skip

SLOTS: Mapping[str, tuple[str, ...]] = {
    "product": (
        "headset", "smart speaker", "fitness tracker", "smartwatch", "tablet", "e-reader",
        "wireless keyboard",
        "doorbell camera", "pocket projector", "baby monitor", "action camera", "pet tracker",
        "bedside lamp",
        "travel radio", "robot vacuum", "drone", "bike computer", "photo printer",
    ),
    "accessory": ("charging cable", "carry case", "spare battery", "wall mount", "remote control",
                  "adapter", "strap"),
    "phone": ("iPhone 13", "Pixel 7", "Galaxy S22", "iPad", "Windows laptop", "MacBook",
              "Chromebook", "Fairphone"),
    "colour": ("black", "white", "dark green", "silver", "blue", "red"),
    "colour2": ("grey", "yellow", "orange", "rose"),
    "city": ("Leeds", "Porto", "Denver", "Utrecht", "Lyon", "Cork", "Graz", "Austin", "Malmö",
             "Bristol", "Toronto"),
    "month": ("January", "February", "March", "April", "May", "June", "July", "August",
              "September", "October"),
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "the 3rd", "the 12th",
            "the 21st", "the 28th"),
    "ago": ("three days ago", "last week", "ten days ago", "two weeks ago", "a month ago",
            "on Monday", "last Friday"),
    "relative": ("mother", "son", "grandmother", "brother", "niece", "partner", "neighbour"),
    "card": ("Visa", "Mastercard", "PayPal", "debit card", "bank transfer"),
    "count": ("four", "six", "eight", "ten", "twelve"),
    "fewer": ("two", "three"),
    "percent": ("12", "35", "47", "80", "99"),
    "person": ("Maria", "Tom", "Aisha", "Jonas", "Priya", "Lucía", "Ben", "Chloé", "Omar",
               "Hannah", "Kofi", "Mei"),
}  # fmt: skip

# Topics that people mix up, so a wrong label falls on one of these.
CONFUSABLE: Mapping[str, tuple[str, ...]] = {
    "billing": ("refund", "cancellation"),
    "refund": ("billing", "returns"),
    "delivery": ("returns", "product question"),
    "returns": ("refund", "delivery"),
    "account access": ("technical issue", "billing"),
    "technical issue": ("account access", "product question"),
    "cancellation": ("billing", "account access"),
    "product question": ("technical issue", "delivery"),
}

CHANNELS = ("e-mail", "chat", "web form", "app")

# Messages that have nothing to do with any topic.
OFF_TOPIC = (
    "Whisk the eggs with the sugar until pale, fold in the flour and bake for 25 minutes.",
    "asdf jkl asdf qwer zxcv uiop test test 1234",
    (
        "Congratulations!!! You have been selected as this week's lucky winner, click to claim your"
        " prize now"
    ),
    "The match ended two to one after a late penalty in the second half.",
    "Automatic reply: I am out of the office until further notice and will not read this message.",
    "Boost your ranking in search engines by 300% with our links, ask for our price list today",
    "It was a bright cold morning and the river carried thin plates of ice past the mill.",
    "SELECT name, price FROM products WHERE price < 20 ORDER BY name;",
    "Choir practice moves to the small hall on Thursday, bring the green song books.",
    "Bonjour, est-ce que la bibliothèque est ouverte le dimanche matin ?",
    "lol wrong window sorry",
    "For sale: oak table, six chairs, some scratches, must be collected from the third floor.",
    "Heavy clouds in the west, light wind from the south, rain expected after midnight.",
    "Dear professor, please find my essay on the history of canals attached.",
    "{{customer.first_name}} {{ticket.body}} null undefined",
    "Knock knock. Who is there? Lettuce. Lettuce who? Lettuce in, it is cold out here.",
    "The committee approved the minutes of the last meeting and adjourned at nine.",
    "Die Heizung im Treppenhaus ist seit gestern kalt, bitte schicken Sie jemanden vorbei.",
    "Row 14, seat C, gate closes twenty minutes before departure.",
    "To prune roses, cut above an outward-facing bud at a slant in early spring.",
)
