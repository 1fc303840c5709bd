//! F35, F36: what was subscribed stays subscribed.

use std::time::Duration;

use ctp::SessionState;
use ctp::md::{MdEvent, QuoteSubscription};
use ctp::types::{InputForQuoteField, Text};

use crate::Case;
use crate::world::{States, scene};

pub(crate) const CASES: &[Case] = crate::cases![
    f35_everything_is_subscribed_again: "after a reconnect every instrument is subscribed again and ticks, and a gap event names the last tick before",
    f35_requests_for_quotes_are_subscribed_again: "subscriptions to requests for quotes are answered, made again after a reconnect, and end when they are wanted no more",
    f36_a_silent_tail_is_asked_for_again: "subscriptions beyond the 24th call are taken and never answered: told by instrument, asked again, and what stays silent is said",
    f36_a_thousand_instruments_do_not_break_the_link: "a front that hangs up after 500 instruments of one call: batches that it takes, each answered",
];

fn f35_everything_is_subscribed_again() {
    scene().play(async |world| {
        let md = world.md().await;
        let ids = ["rb2701", "rb2705", "m2701", "SR701"];
        let (mut ticks, mut events) = (md.ticks(), md.events());
        md.subscribe(&ids).expect("subscribed");
        world.pass(Duration::from_secs(1)).await;
        let mut last = std::collections::BTreeMap::new();
        while let Some(tick) = ticks.try_next() {
            last.insert(tick.instrument().into_owned(), (tick.sequence(), *tick.update_time()));
        }
        assert_eq!(last.len(), ids.len());
        while events.try_next().is_some() {}
        world.plan("F35-market-data-drops");
        world.pass(Duration::from_secs(65)).await;
        world.md_ready(&md).await;
        world.pass(Duration::from_secs(1)).await;
        let (mut again, mut gaps): (Vec<String>, Vec<_>) = (Vec::new(), Vec::new());
        while let Some(event) = events.try_next() {
            match event {
                MdEvent::Subscribed(id) => again.push(id.to_string()),
                MdEvent::Gap(gap) => gaps.push(gap),
                _ => {}
            }
        }
        assert_eq!(gaps.len(), ids.len(), "{gaps:?}");
        for gap in gaps {
            let known = last[&*gap.instrument_id.to_str()];
            assert_eq!((gap.last.sequence, gap.last.update_time), known, "{gap:?}");
        }
        again.sort_unstable();
        assert_eq!(again, ["SR701", "m2701", "rb2701", "rb2705"]);
        while ticks.try_next().is_some() {}
        for id in ids {
            world.exchange.tick(id, 3_300.0).expect("a tick");
            let tick = world.soon(ticks.next()).await.expect("a tick");
            assert_eq!(tick.instrument_id(), id);
        }
        md.close().await.expect("closed in time");
    });
}

fn f35_requests_for_quotes_are_subscribed_again() {
    const OPTION: &str = "m2701-C-3000";
    scene().set("options", "on").play(async |world| {
        let (md, td) = (world.md().await, world.td().await);
        let (mut asked, mut events) = (md.quote_requests(), md.events());
        let request = InputForQuoteField {
            instrument_id: Text::new(OPTION).expect("fits"),
            exchange_id: Text::new("DCE").expect("fits"),
            ..Default::default()
        };
        let mut told = async |expected: Option<QuoteSubscription>, is_heard| {
            world.pass(Duration::from_secs(1)).await;
            // The last one: after a minute of silence the link was asked, by subscribing once more.
            let last = std::iter::from_fn(|| events.try_next()).last();
            assert_eq!(last, expected.map(MdEvent::QuoteRequests));
            world.soon(td.requests().for_quote_insert(&request)).await.expect("sent");
            world.pass(Duration::from_secs(1)).await;
            assert_eq!(asked.try_next().is_some_and(|asked| asked.instrument_id == OPTION), is_heard);
        };
        let id = request.instrument_id;
        told(None, false).await;
        // An instrument may be asked for once a minute.
        world.pass(Duration::from_secs(61)).await;
        md.subscribe_quote_requests(&[OPTION]).expect("subscribed");
        told(Some(QuoteSubscription::Subscribed(id)), true).await;
        world.plan("F35-market-data-drops");
        world.pass(Duration::from_secs(65)).await;
        world.md_ready(&md).await;
        told(Some(QuoteSubscription::Subscribed(id)), true).await;
        world.pass(Duration::from_secs(61)).await;
        md.unsubscribe_quote_requests(&[OPTION]).expect("unsubscribed");
        told(Some(QuoteSubscription::Unsubscribed(id)), false).await;
        md.close().await.expect("closed in time");
        td.close().await.expect("closed in time");
    });
}

fn f36_a_thousand_instruments_do_not_break_the_link() {
    scene().play(async |world| {
        world.plan("F36-drops-after-500");
        let md = world.md().await;
        let (mut events, mut states) = (md.events(), States::new(md.state()));
        let ids: Vec<String> = (0..1_200).map(|number| format!("x{number:04}")).collect();
        md.subscribe(&ids).expect("subscribed");
        let mut answered = std::collections::BTreeSet::new();
        world
            .until("every answer", Duration::from_secs(120), || {
                assert!(!states.look().is_over());
                while let Some(event) = events.try_next() {
                    if let MdEvent::Subscribed(id) = event {
                        answered.insert(id.to_string());
                    }
                }
                (answered.len() == ids.len()).then_some(())
            })
            .await;
        world.pass(Duration::from_secs(5)).await;
        assert!(states.look().is_ready());
        let broken =
            states.seen.iter().filter(|state| matches!(state, SessionState::Reconnecting(_))).count();
        assert_eq!((broken, world.done()), (1, 1), "{:?}", states.seen);
        md.close().await.expect("closed in time");
    });
}

fn f36_a_silent_tail_is_asked_for_again() {
    scene().play(async |world| {
        world.plan("F36-silent-tail");
        let md = world.md().await;
        let (mut events, mut ticks) = (md.events(), md.ticks());
        // One by one, as some programs do.
        for number in 0..24 {
            md.subscribe(&[format!("x{number:02}")]).expect("subscribed");
            world.pass(Duration::from_millis(50)).await;
        }
        md.subscribe(&["rb2701"]).expect("subscribed");
        let told = world.until("what is not answered", Duration::from_secs(120), || {
            while let Some(event) = events.try_next() {
                if let MdEvent::Unanswered { instrument_ids, again: true, .. } = event {
                    return Some(instrument_ids);
                }
            }
            None
        });
        assert!(told.await.iter().any(|id| *id == "rb2701"));
        // The front takes it at last.
        world.calm();
        let tick = world.within("a tick", Duration::from_secs(120), ticks.next()).await.expect("a tick");
        assert_eq!(tick.instrument(), "rb2701");
        md.close().await.expect("closed in time");
    });
}
