"""Questions for measuring answers: nothing comes in, paraphrases by topic and questions no shop answers go out.

None of them is a sample of `shop/answers.yaml`; the tests map topics to template ids.
"""

PARAPHRASES: dict[str, dict[str, list[str]]] = {
    "returns": {
        "en": ["I don't like what I bought, can I send it back?", "how many days do I have to bring something back"],
        "zh": ["买了不喜欢能退回去吗", "收到多少天之内还能退"],
    },
    "exchange": {
        "en": ["these are too small, could I swap them for a bigger size", "can I trade it for another colour"],
        "zh": ["买小了想换大一号", "可以换个颜色吗"],
    },
    "refund_time": {
        "en": ["when do I get my money back after returning", "how soon will the refund show up on my card"],
        "zh": ["退了货钱多久能回来", "退款几天能到我的卡上"],
    },
    "cancel": {
        "en": ["I changed my mind, can I still call off my order?", "is it too late to cancel what I ordered"],
        "zh": ["刚下的单不想要了能取消吗", "下单以后还来得及取消吗"],
    },
    "delivery_time": {
        "en": ["how many days until my parcel gets here", "how fast do you deliver normally"],
        "zh": ["快递一般要几天才到", "下单后多长时间能收到货"],
    },
    "shipping_cost": {
        "en": ["what do you charge for postage", "how much is delivery"],
        "zh": ["邮费要多少钱", "快递费怎么算"],
    },
    "express": {
        "en": ["I need it fast, do you have a quicker shipping option?", "is next day delivery possible"],
        "zh": ["我急用有没有快一点的配送", "有加急快递吗"],
    },
    "free_shipping": {
        "en": ["how much must I spend so that delivery is free", "do you ever ship for free"],
        "zh": ["买多少钱可以包邮", "满多少免运费"],
    },
    "warranty": {
        "en": ["what happens if it breaks after a year", "is there a guarantee on your jackets"],
        "zh": ["质保期有多长", "用了一年坏了保修吗"],
    },
    "gift_card": {
        "en": ["I'd like to give a friend a voucher, do you have those?", "how much can I put on a gift card"],
        "zh": ["想送朋友一张礼品卡有吗", "礼品卡最多可以充多少钱"],
    },
    "price_match": {
        "en": [
            "I saw this cheaper elsewhere, will you match it",
            "the price dropped after I bought it, can I get the rest",
        ],
        "zh": ["别家卖得更便宜可以补差价吗", "刚买完就降价了能退差价吗"],
    },
    "points": {
        "en": ["how does your loyalty programme work", "do I earn points when I buy something"],
        "zh": ["买东西有积分吗", "会员积分是怎么算的"],
    },
    "repair": {
        "en": ["the zip on my jacket is broken, can you fix it", "do you mend torn gear"],
        "zh": ["拉链坏了你们能修吗", "衣服破了可以修补吗"],
    },
    "student": {
        "en": ["I'm at university, is there money off for me?", "do students pay less"],
        "zh": ["我是学生有优惠吗", "学生证可以打折吗"],
    },
    "contact": {
        "en": ["how do I get hold of someone on the phone", "what time does customer service open"],
        "zh": ["客服电话是多少", "客服几点上班"],
    },
    "store": {
        "en": ["do you have a physical shop I can visit", "which city is your store in"],
        "zh": ["你们有实体店吗", "门店在哪个城市"],
    },
    "international": {
        "en": ["can you post to Germany", "do you deliver outside the country"],
        "zh": ["能寄到国外吗", "可以发货到加拿大吗"],
    },
    "restocking": {
        "en": ["do you take a fee off when I return something", "is sending things back free of charge"],
        "zh": ["退货要收手续费吗", "退货会不会扣钱"],
    },
}

OUT_OF_SHOP: dict[str, list[str]] = {
    "en": [
        "what is the capital of France",
        "how tall is mount everest",
        "write me a poem about the sea",
        "who won the world cup in 2018",
        "what's the weather like tomorrow",
        "solve 3x + 5 = 20",
        "what is the meaning of life",
        "tell me a joke",
        "how do I bake sourdough bread",
        "which stocks should I invest in",
        "book me a flight to Tokyo",
        "how do I get a passport",
        "what's my bank balance",
        "set an alarm for seven",
        "translate good morning into Spanish",
        "who is the president of the United States",
        "play some jazz",
        "how many calories are in a banana",
        "what is quantum physics",
        "can you recommend a good movie",
    ],
    "zh": [
        "法国的首都是哪里",
        "珠穆朗玛峰有多高",
        "给我写一首关于大海的诗",
        "2018年世界杯谁赢了",
        "明天天气怎么样",
        "三乘以七等于多少",
        "人生的意义是什么",
        "给我讲个笑话",
        "怎么做红烧肉",
        "现在买什么股票好",
        "帮我订一张去东京的机票",
        "护照怎么办理",
        "我的银行余额是多少",
        "定一个七点的闹钟",
        "早上好用西班牙语怎么说",
        "美国总统是谁",
        "放一首爵士乐",
        "一根香蕉有多少卡路里",
        "什么是量子物理",
        "有什么好看的电影",
    ],
}
