//! The whole, on judgements made by hand.

use expect_test::expect;
use model::Judgement;

use crate::testing::{SCRIPT_NAME, large, run, small};
use crate::{Language, Run, summary, write_csv, write_html, write_json};

fn html(judgement: &Judgement, run: &Run, language: Language) -> String {
    let mut out = Vec::new();
    write_html(judgement, run, language, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The page without its style and script.
fn body(page: &str) -> &str {
    let start = page.find("<body>").unwrap() + "<body>".len();
    let end = page.rfind("<script>").unwrap();
    &page[start..end]
}

/// Fails unless every element is closed in its turn, and gives the number of elements.
fn elements(page: &str) -> usize {
    let void = ["meta", "input", "br"];
    let (mut open, mut count, mut rest) = (Vec::new(), 0, page);
    while let Some(start) = rest.find('<') {
        let tag = &rest[start + 1..];
        // A `>` inside of a quoted attribute does not end the tag.
        let mut is_quoted = false;
        let end = tag.find(|c| {
            is_quoted ^= c == '"';
            c == '>' && !is_quoted
        });
        let end = end.unwrap_or_else(|| panic!("tag without end: {}", &tag[..tag.len().min(80)]));
        let inside = &tag[..end];
        rest = &tag[end + 1..];
        let name = inside.trim_start_matches('/').split([' ', '>']).next().unwrap();
        if let Some(closed) = inside.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(closed), "closed out of turn");
        } else if !inside.starts_with('!') && !void.contains(&name) {
            open.push(name.to_owned());
            count += 1;
        }
    }
    assert!(open.is_empty(), "never closed: {open:?}");
    count
}

#[test]
fn both_languages_say_all_sections() {
    let english = html(&small(), &run(), Language::En);
    for text in [
        "lang=\"en\"",
        "What can be done to the plant",
        "Attack surface",
        "A controller was told to stop",
        "Ask who did it.",
        "Do not start it from remote.",
        "T0858 Change Operating Mode",
        "SR 2.1",
        "6ES7 315-2EH14-0AB0",
        "disputed",
        "V3.2.0",
        "2 Mar 2026".replace(' ', "\u{a0}").as_str(),
        "1\u{a0}machine talks with the Internet",
        "The capture covers 30 min.",
        "S7 communication",
        "1 Control",
    ] {
        assert!(english.contains(text), "{text}");
    }
    let french = html(&small(), &run(), Language::Fr);
    for text in [
        "lang=\"fr\"",
        "Ce qu'on peut faire à l'usine",
        "Un automate a reçu l'ordre de s'arrêter",
        "Demander qui l'a fait.",
        "Toute machine de 10.0.0.0/24 peut l'arrêter.",
        "numéro d'inventaire",
        "2\u{202f}434",
        "187\u{a0}ko",
        "1\u{a0}machine échange avec Internet",
    ] {
        assert!(french.contains(text), "{text}");
    }
}

#[test]
fn pages_are_well_formed() {
    for language in Language::ALL {
        for judgement in [Judgement::default(), small(), large(300)] {
            let page = html(&judgement, &run(), language);
            assert!(elements(body(&page)) > 30);
        }
    }
}

#[test]
fn values_from_the_network_stay_text() {
    for language in Language::ALL {
        let page = html(&small(), &run(), language);
        let body = body(&page);
        assert!(!body.contains("<script") && !body.contains("<img"), "markup from a name");
        assert!(body.contains("&lt;script&gt;alert('x')&lt;/script&gt;&quot;&amp;"), "the name itself is shown");
        assert!(!page.contains("http://") && !page.contains("https://"), "nothing points outside");
        assert!(
            !body.contains(" style=") && !body.contains(" onclick=") && !body.contains(" onload="),
            "policy forbids inline styles and handlers"
        );
    }
}

#[test]
fn policy_allows_only_the_style_and_script_of_the_page() {
    let page = html(&small(), &run(), Language::En);
    let policy = page.split("http-equiv=\"Content-Security-Policy\" content=\"").nth(1).unwrap();
    let policy = policy.split('"').next().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(page.matches("<script>").count(), 1);
    assert_eq!(page.matches("<style>").count(), 1);
}

#[test]
fn size_is_bounded_with_many_machines() {
    let page = html(&large(3_000), &run(), Language::En);
    assert!(page.len() < 14 << 20, "{} bytes", page.len());
    assert!(page.contains("Details of this machine are left out"));
    assert!(page.contains("MACHINE-2999"));
    // The map groups what does not fit.
    let map = page.split("id=\"plant\"").nth(1).unwrap().split("</svg>").next().unwrap();
    assert!(map.matches("class=\"node").count() < 200);
    assert!(map.contains("class=\"node group\""));
}

#[test]
fn inventory_as_csv() {
    let mut out = Vec::new();
    write_csv(&small(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(text.ends_with("\r\n"));
    expect![[r#"
        mac-000000000001,"<script>alert('x')</script>""&",engineering station,likely,,2,high,10.0.0.1,00:1b:1b:00:00:01,20,Siemens AG,,,V3.2.1,,S C-1,,,,s7comm,tcp/102 s7comm,rack 0 slot 2 6ES7 315-2EH14-0AB0,,,1,asset number,,,2026-03-02T06:30:00.000000000Z,2026-03-02T07:00:00.000000000Z,1234,1200,99000,88000,1,high
        mac-000000000002,'=INTAKE,plc,likely,,1,high,10.0.0.2,00:1b:1b:00:00:02,20,Siemens AG,,,V3.2.1,,S C-1,,,,s7comm,tcp/102 s7comm,rack 0 slot 2 6ES7 315-2EH14-0AB0,,,1,asset number,,,2026-03-02T06:30:00.000000000Z,2026-03-02T07:00:00.000000000Z,1234,1200,99000,88000,1,high"#]]
    .assert_eq(&lines[1..3].join("\n"));
}

#[test]
fn cells_that_a_spreadsheet_would_run_are_disarmed() {
    let mut judgement = small();
    for (name, shown) in [
        ("=1+1", "'=1+1"),
        ("+33", "'+33"),
        ("-2", "'-2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "' =1"),
        ("a,b\n\"c\"", "\"a,b \"\"c\"\"\""),
        ("plain", "plain"),
    ] {
        judgement.assets[0].name = name.into();
        let mut out = Vec::new();
        write_csv(&judgement, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains(&format!("mac-000000000001,{shown},")), "{name}: {text}");
    }
}

#[test]
fn inventory_as_json_has_the_claims() {
    let mut out = Vec::new();
    write_json(&small(), &mut out).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(json["assets"][0]["name"], SCRIPT_NAME);
    assert_eq!(json["assets"][1]["attributes"][0]["claims"][1]["value"], "V3.2.0");
    assert_eq!(json["edges"].as_array().unwrap().len(), 2);
}

fn screen(language: Language) -> String {
    summary(&small(), &run(), language, &[("Report", "plant.html".into())]).replace(['\u{a0}', '\u{202f}'], "_")
}

#[test]
fn summary_in_english() {
    expect![[r#"
        1_file · 2,434_packets · 187_kB · 0.1_s · 48,680_packets/s
        2_Mar_2026 06:30:00 – 07:00:00 UTC (30_min)

        2_machines, 1_address outside, 0_conversations
          1_PLC, 1_engineering_station
          Level: 5_Outside_(1) · 2_Supervision_(1) · 1_Control_(1)

        Protocols             messages          acts   malformed
          s7comm                 1,202           601           –

        Findings, the worst first (1_high)
          high           ×1  A controller was told to stop  <script>alert('x')</script>"& → =INTAKE

        Attack surface, the widest doors
           70  =INTAKE  s7comm tcp/102  it obeys anyone

        What this capture cannot show
          - the capture covers 30 min

        Report  plant.html
    "#]]
    .assert_eq(&screen(Language::En));
}

#[test]
fn summary_in_french() {
    expect![[r#"
        1_fichier · 2_434_paquets · 187_ko · 0,1_s · 48_680_paquets/s
        2_mars_2026 06:30:00 – 07:00:00 UTC (30_min)

        2_machines, 1_adresse extérieure, 0_conversation
          1_automate_(API), 1_station_d'ingénierie
          Niveau_: 5_Extérieur_(1) · 2_Supervision_(1) · 1_Contrôle_(1)

        Protocoles            messages         actes   malformés
          s7comm                 1_202           601           –

        Constats, les pires d'abord (1_élevé)
          élevé          ×1  Un automate a reçu l'ordre de s'arrêter  <script>alert('x')</script>"& → =INTAKE

        Surface d'attaque, les portes les plus larges
           70  =INTAKE  s7comm tcp/102  il obéit à quiconque

        Ce que cette capture ne peut pas montrer
          - la capture couvre 30 min

        Report  plant.html
    "#]]
    .assert_eq(&screen(Language::Fr));
}

#[test]
fn summary_fits_a_screen_and_keeps_its_hands_off_the_terminal() {
    let mut judgement = large(2_000);
    judgement.assets[0].name = "\u{1b}]0;owned\u{7}".into();
    judgement.surface = small().surface;
    judgement.surface[0].name = "\u{1b}[2J".into();
    let mut run = run();
    for number in 0..100 {
        run.protocols.push(crate::ProtocolCount {
            id: format!("protocol-{number}"),
            messages: 1,
            ..Default::default()
        });
        run.problems.push("could not be read".into());
    }
    for language in Language::ALL {
        let text = summary(&judgement, &run, language, &[]);
        assert!(text.lines().count() <= 45, "{}", text.lines().count());
        assert!(text.lines().all(|line| line.chars().count() <= 112));
        assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'));
    }
}

#[test]
fn every_column_is_documented() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/inventory.md");
    let page = std::fs::read_to_string(path).unwrap();
    for (name, about) in crate::COLUMNS {
        let row = format!("| `{name}` | {about} |");
        assert!(page.contains(&row), "docs/inventory.md lacks: {row}");
    }
}

/// Writes the page of a large plant where `REPORT_PAGE` says, for looking at it.
#[test]
fn page_of_a_large_plant_for_the_eye() {
    if let Ok(path) = std::env::var("REPORT_PAGE") {
        std::fs::write(path, html(&large(2_000), &run(), Language::En)).unwrap();
    }
}
