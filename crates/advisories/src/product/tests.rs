//! Names of products as advisories write them.

use expect_test::expect;

use super::*;

fn shown(name: &str, version: &str) -> String {
    let product =
        Product { names: vec![name.into()], version: version.into(), vendors: vec!["V".into()], ..Product::default() };
    let ready = ready(&product, None);
    let names: Vec<String> = ready
        .names
        .iter()
        .map(|name| {
            let phrases: Vec<String> = name.phrases.iter().map(|phrase| phrase.join("-")).collect();
            let series: String = name.series.iter().collect();
            format!("[{}]{}", phrases.join(" "), if series.is_empty() { series } else { format!(" series {series}") })
        })
        .collect();
    let orders: Vec<&str> = ready.orders.iter().map(|order| order.squeezed.as_str()).collect();
    let conditions = if ready.conditions.is_empty() { String::new() } else { format!(" if {:?}", ready.conditions) };
    format!("{name}\n    {} {} {}{conditions}\n", names.join(" "), orders.join(" "), ready.versions)
}

#[test]
fn names_of_real_products() {
    let text: String = [
        ("SIMATIC S7-1200 CPU family (incl. SIPLUS variants)", "< V4.5"),
        ("SIMATIC S7-1500 CPU 1511-1 PN (6ES7511-1AK00-0AB0)", "< V2.8"),
        ("RUGGEDCOM RSG2488 V5.X", "<V5.5.4"),
        ("SIMATIC S7-400 PN/DP V7 CPU family (incl. SIPLUS variants)", "vers:all/*"),
        ("SIMATIC CP 1242-7 V2 (incl. SIPLUS variants)", "< V3.3.46"),
        ("MicroLogix 1400 Controllers Series B and C", "<= 21.003"),
        ("1756-EN2F, Series A/B (unsigned version)", "*"),
        ("ControlLogix 5580 (1756-L8z)", "< V33.015"),
        ("Modicon M340 CPU (part numbers BMXP34*)", "< SV3.51"),
        ("MELSEC iQ-R series R04/08(EN)CPU", "*"),
        ("750-331/xxx-xxx", "<FW14"),
        ("ILC 1x1", "*"),
        ("SIMATIC HMI KTP Mobile Panels KTP400F, KTP700 and KTP900", "< V16"),
        ("Series B", "*"),
        ("Web server vulnerabilities", "*"),
        ("AXC 1050", "2700988"),
    ]
    .iter()
    .map(|(name, version)| shown(name, version))
    .collect();
    expect![[r#"
        SIMATIC S7-1200 CPU family (incl. SIPLUS variants)
            [s7-1200 cpu]  <V4.5
        SIMATIC S7-1500 CPU 1511-1 PN (6ES7511-1AK00-0AB0)
            [s7-1500 cpu 1511-1 pn] 6ES75111AK000AB0 <V2.8
        RUGGEDCOM RSG2488 V5.X
            [ruggedcom rsg2488]  >=V5.X <V5.5.4
        SIMATIC S7-400 PN/DP V7 CPU family (incl. SIPLUS variants)
            [s7-400 pn-dp cpu]  V7.x.*
        SIMATIC CP 1242-7 V2 (incl. SIPLUS variants)
            [cp 1242-7]  <V3.3.46
        MicroLogix 1400 Controllers Series B and C
            [micrologix 1400] series BC  <=21.003
        1756-EN2F, Series A/B (unsigned version)
            [1756-en2f] series AB 1756EN2F * if ["unsigned version"]
        ControlLogix 5580 (1756-L8z)
            [controllogix 5580] 1756L8* <V33.015
        Modicon M340 CPU (part numbers BMXP34*)
            [m340 cpu] BMXP34* <SV3.51
        MELSEC iQ-R series R04/08(EN)CPU
            [iq-r r04cpu] [iq-r r04encpu] [iq-r r08cpu] [iq-r r08encpu]  *
        750-331/xxx-xxx
            [750-331]  <FW14*
        ILC 1x1
            [ilc 1?1]  *
        SIMATIC HMI KTP Mobile Panels KTP400F, KTP700 and KTP900
            [hmi ktp mobile ktp400f] [hmi ktp mobile ktp700] [hmi ktp mobile ktp900]  <V16*
        Series B
              *
        Web server vulnerabilities
            [web server vulnerabilities]  *
        AXC 1050
            [axc 1050] 2700988 *
    "#]]
    .assert_eq(&text);
}
