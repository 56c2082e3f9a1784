//! Every kind of source in a few lines, and what hostile ones come to.

use expect_test::expect;

use super::*;

fn read(text: &str) -> Declared {
    let mut declared = Declared::default();
    declared.read("source", text).unwrap_or_else(|e| panic!("{e}"));
    declared
}

fn machines(text: &str) -> String {
    let declared = read(text);
    let mut out = format!("{}\n", declared.sources[0].1);
    for m in &declared.machines {
        let ips: Vec<String> = m.ips.iter().map(|ip| ip.to_string()).collect();
        out += &format!(
            "{}|{}|{}|{}|{}|{}|{:?}|{:?}|{}\n",
            m.name,
            ips.join(" "),
            m.vendor,
            m.order_number,
            m.firmware,
            m.serial,
            m.modules,
            m.services,
            m.place
        );
    }
    out
}

#[test]
fn lists_and_exports() {
    let sources = [
        "Nom;Adresse IP;Fabricant;Référence;Firmware;N° de série\nAPI-1;10.0.1.11;Siemens;6ES7 214-1AG40-0XB0;V4.2;S C-1\n",
        "<CAEXFile><InstanceHierarchy><InternalElement Name=\"S7-1200 station_1\"><Attribute Name=\"TypeIdentifier\"><Value>System:Device.S71200</Value></Attribute><InternalElement Name=\"PLC_1\"><Attribute Name=\"TypeIdentifier\"><Value>OrderNumber:6ES7 214-1AG40-0XB0/V4.2</Value></Attribute><InternalElement Name=\"IE1\"><Attribute Name=\"NetworkAddress\"><Value>10.0.1.11</Value></Attribute></InternalElement></InternalElement></InternalElement></InstanceHierarchy></CAEXFile>",
        "<RSLogix5000Content><Controller Name=\"Line\" ProcessorType=\"1756-L61\" MajorRev=\"16\" MinorRev=\"20\"><Modules><Module Name=\"Local\" CatalogNumber=\"1756-L61\" Major=\"16\" Minor=\"20\"><Ports><Port Address=\"0\" Type=\"ICP\"/></Ports></Module><Module Name=\"EN\" CatalogNumber=\"1756-ENBT\" Major=\"4\" Minor=\"1\"><Ports><Port Address=\"1\" Type=\"ICP\"/><Port Address=\"10.0.1.40\" Type=\"Ethernet\"/></Ports></Module></Modules><Programs><Program Name=\"Main\"/></Programs></Controller></RSLogix5000Content>",
        "<FEFExchangeFile><contentHeader name=\"Station\"/><IOConf><PLC><partItem partNumber=\"BMX P34 2020\" version=\"02.50\"/><module ipAddress=\"10.0.1.50\"><partItem partNumber=\"BMX NOE 0100\" topoAddress=\"0.1\"/></module></PLC></IOConf></FEFExchangeFile>",
        "<SCL xmlns:sxy=\"x\"><Communication><SubNetwork><ConnectedAP iedName=\"F1\" apName=\"A\"><Address><P type=\"IP\">10.0.4.31</P></Address></ConnectedAP></SubNetwork></Communication><IED name=\"F1\" manufacturer=\"Siemens\" type=\"7SL87\"/></SCL>",
        "<?xml version=\"1.0\"?><!DOCTYPE nmaprun><nmaprun><host><status state=\"up\"/><address addr=\"10.0.1.11\" addrtype=\"ipv4\"/><address addr=\"00:1B:1B:00:00:01\" addrtype=\"mac\" vendor=\"Siemens\"/><ports><port protocol=\"tcp\" portid=\"102\"><state state=\"open\"/></port><port protocol=\"tcp\" portid=\"80\"><state state=\"closed\"/></port></ports></host></nmaprun>",
        "{\"results\":[{\"name\":\"plc-1\",\"device_type\":{\"manufacturer\":{\"name\":\"Siemens\"},\"model\":\"CPU 1214C\"},\"serial\":\"S1\",\"primary_ip4\":{\"address\":\"10.0.1.11/24\"}},{\"name\":null}]}",
        "[File]\n[Device]\n VendName = \"Rockwell\";\n ProdName = \"1756-ENBT/A\";\n Catalog = \"1756-ENBT\";\n MajRev = 4;\n MinRev = 1;\n",
        "<ISO15745Profile><DeviceAccessPointItem ID=\"D1\"><ModuleInfo><VendorName Value=\"Siemens\"/><OrderNumber Value=\"6ES7 155\"/><SoftwareRelease Value=\"V4.0\"/></ModuleInfo></DeviceAccessPointItem></ISO15745Profile>",
    ];
    expect![[r#"
        csv
        API-1|10.0.1.11|Siemens|6ES7 214-1AG40-0XB0|V4.2||[]|[]|source:2
        tia portal aml
        PLC_1|10.0.1.11|Siemens|6ES7 214-1AG40-0XB0|V4.2||[("", "6ES7 214-1AG40-0XB0", "V4.2")]|[]|source: S7-1200 station_1
        rockwell l5x
        EN|10.0.1.40|Rockwell Automation|1756-ENBT|4.1||[]|[]|source: Module EN
        Line||Rockwell Automation|1756-L61|16.20||[("0", "1756-L61", "16.20")]|[]|source: Controller Line
        schneider xef
        Station|10.0.1.50|Schneider Electric|BMX P34 2020|02.50||[("0.1", "BMX NOE 0100", "")]|[]|source
        iec 61850 scl
        F1|10.0.4.31|Siemens||||[]|[]|source: IED F1
        nmap
        |10.0.1.11|Siemens||||[]|[("tcp", 102)]|source: host 10.0.1.11
        netbox
        plc-1|10.0.1.11|Siemens|||S1|[]|[]|source: device 1
        eds
        ||Rockwell|1756-ENBT|4.1||[]|[]|source
        gsdml
        ||Siemens|6ES7 155|V4.0||[]|[]|source: D1
    "#]].assert_eq(&sources.map(machines).concat());
}

fn walls(text: &str) -> String {
    let declared = read(text);
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    let mut out = format!("{} unknown {}\n", declared.sources[0].1, declared.unknown_count);
    for wall in &declared.walls {
        for (from, to, port) in
            [("10.9.0.7", "10.0.1.11", 502), ("10.9.0.7", "10.0.1.11", 80), ("10.8.0.1", "10.0.1.11", 502)]
        {
            let (action, rule) = wall.decide(ip(from), ip(to), "tcp", port);
            out += &format!("  {from} → {to}:{port} {action:?} {}\n", rule.map_or("", |rule| rule.place.as_str()));
        }
    }
    out
}

#[test]
fn firewalls_and_routers() {
    let sources = [
        "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A FORWARD -s 10.9.0.0/24 -d 10.0.1.11/32 -p tcp -m multiport --dports 500:510,102 -m comment --comment \"from office\" -j ACCEPT\n-A FORWARD -m magic --spell -j ACCEPT\nCOMMIT\n",
        "table inet f {\n  chain forward {\n    type filter hook forward priority 0; policy drop;\n    ct state established,related accept\n    ip saddr 10.9.0.0/24 ip daddr { 10.0.1.11, 10.0.1.12 } tcp dport { 502, 102 } accept\n  }\n}\n",
        "hostname r1\nip access-list extended PLANT\n remark office\n permit tcp 10.9.0.0 0.0.0.255 host 10.0.1.11 eq 502\n deny ip any any log\n permit tcp object-group X any\n!\n",
        "access-list OUT extended permit tcp 10.9.0.0 255.255.255.0 host 10.0.1.11 eq 502\naccess-list OUT extended deny ip any any\n",
        "config firewall address\n  edit \"office\"\n    set subnet 10.9.0.0 255.255.255.0\n  next\n  edit \"plc 1\"\n    set subnet 10.0.1.11 255.255.255.255\n  next\nend\nconfig firewall service custom\n  edit \"modbus\"\n    set tcp-portrange 502\n  next\nend\nconfig firewall policy\n  edit 1\n    set srcaddr \"office\"\n    set dstaddr \"plc 1\"\n    set action accept\n    set service \"modbus\"\n  next\n  edit 2\n    set srcaddr \"who\"\n    set dstaddr \"all\"\n    set service \"ALL\"\n  next\nend\n",
        "<pfsense><filter><rule><type>pass</type><protocol>tcp</protocol><source><address>10.9.0.0/24</address></source><destination><address>10.0.1.11</address><port>502</port></destination></rule><rule><type>pass</type><source><network>lan</network></source><destination><any/></destination><descr>lan out</descr></rule></filter></pfsense>",
    ];
    expect![[r#"
        iptables-save unknown 1
          10.9.0.7 → 10.0.1.11:502 Allow source:5
          10.9.0.7 → 10.0.1.11:80 Unknown source:6
          10.8.0.1 → 10.0.1.11:502 Unknown source:6
        nftables unknown 0
          10.9.0.7 → 10.0.1.11:502 Allow source:5
          10.9.0.7 → 10.0.1.11:80 Deny 
          10.8.0.1 → 10.0.1.11:502 Deny 
        cisco unknown 1
          10.9.0.7 → 10.0.1.11:502 Allow source:4
          10.9.0.7 → 10.0.1.11:80 Deny source:5
          10.8.0.1 → 10.0.1.11:502 Deny source:5
        cisco unknown 0
          10.9.0.7 → 10.0.1.11:502 Allow source:1
          10.9.0.7 → 10.0.1.11:80 Deny source:2
          10.8.0.1 → 10.0.1.11:502 Deny source:2
        fortigate unknown 1
          10.9.0.7 → 10.0.1.11:502 Allow source:15
          10.9.0.7 → 10.0.1.11:80 Unknown source:21
          10.8.0.1 → 10.0.1.11:502 Unknown source:21
        pfsense unknown 1
          10.9.0.7 → 10.0.1.11:502 Allow source: rule 1
          10.9.0.7 → 10.0.1.11:80 Unknown source: rule 2
          10.8.0.1 → 10.0.1.11:502 Unknown source: rule 2
    "#]]
    .assert_eq(&sources.map(walls).concat());
}

#[test]
fn switches() {
    let sources = [
        "          Mac Address Table\nVlan    Mac Address       Type        Ports\n----    -----------       --------    -----\n  10    001b.1b00.0001    DYNAMIC     Gi0/1\n",
        "MAC address table\nVLAN ID MAC Address       Port  Status\n1       00:1b:1b:00:00:01 1/3   learned\n",
        "Index  MAC Address        Type     VLAN Port\n1 00-1B-1B-00-00-01 Learned 10 P0.4\nFDB\n",
        "Local Intf: Gi0/1\nChassis id: 001b.1b00.0001\nPort id: port-001\nSystem Name: plc-1\nManagement Addresses:\n    IP: 10.0.1.11\n\nLocal Intf: Gi0/2\nChassis id: 001b.1b00.0002\nSystem Name: plc-2\n",
        "-------------------------\nDevice ID: sw-2\n  IP address: 10.0.0.2\nInterface: Gi0/24,  Port ID (outgoing port): Gi0/1\n-------------------------\nDevice ID: sw-3\nInterface: Gi0/23,  Port ID (outgoing port): Gi0/9\n",
    ];
    let said: Vec<String> = sources
        .iter()
        .map(|text| {
            let declared = read(text);
            let plugs: Vec<String> = declared
                .plugs
                .iter()
                .map(|p| {
                    format!(
                        "  {}|{}|{}|{}|{}|{:?}\n",
                        p.port, p.vlan, p.mac, p.neighbour, p.neighbour_port, p.neighbour_ip
                    )
                })
                .collect();
            format!("{}\n{}", declared.sources[0].1, plugs.concat())
        })
        .collect();
    expect![[r#"
        mac address table
          Gi0/1|10|00:1b:1b:00:00:01|||None
        mac address table
          1/3|1|00:1b:1b:00:00:01|||None
        mac address table
          P0.4|10|00:1b:1b:00:00:01|||None
        lldp neighbours
          Gi0/1||00:1b:1b:00:00:01|plc-1|port-001|Some(10.0.1.11)
          Gi0/2||00:1b:1b:00:00:02|plc-2||None
        cdp neighbours
          Gi0/24|||sw-2|Gi0/1|Some(10.0.0.2)
          Gi0/23|||sw-3|Gi0/9|None
    "#]]
    .assert_eq(&said.concat());
}

#[test]
fn hostile_sources_are_refused_with_their_place() {
    let deep = format!("<a>{}", "<b>".repeat(100));
    let long = format!("name\n{}\n", "x".repeat(LINE_BYTES_MAX + 1));
    let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;\">]><nmaprun>&c;</nmaprun>";
    let outside = "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><nmaprun/>";
    let said: Vec<String> = [
        deep.as_str(),
        &long,
        bomb,
        outside,
        "<nmaprun>&nbsp;</nmaprun>",
        "<nmaprun>",
        "<x/>",
        "{\"a\": 1}",
        "{",
        "a;b\n1;2\n",
        "",
    ]
    .iter()
    .map(|text| format!("{}\n", Declared::default().read("source", text).unwrap_err()))
    .collect();
    expect![[r#"
        source, byte 189: more than 64 elements inside each other
        source:2: a line of more than 1 MiB
        source, byte 0: a document type with definitions is not read
        source, byte 0: a document type with definitions is not read
        source, byte 9: an entity that XML does not know
        source, byte 9: the file ends inside an element
        source: an XML file of an unknown kind: its root is `x`
        source: JSON without a list of devices (`results`)
        source:1: EOF while parsing an object at line 1 column 1
        source:1: no column with a name, an address or a serial number: not a list of machines, and no other format was recognised
        source:1: no column with a name, an address or a serial number: not a list of machines, and no other format was recognised
    "#]].assert_eq(&said.concat());
}

#[test]
fn declared_against_observed() {
    let mut plant = risk::testing::Plant::new();
    plant.machine("PLC-1", "10.0.1.11", "plc", "1").machine("PLC-9", "10.0.1.19", "plc", "1").machine(
        "PC-7",
        "10.9.0.7",
        "workstation",
        "4",
    );
    plant.edge("PC-7", "PLC-1", "modbus", 502, "write");
    let claim =
        |key, value: &str| model::Attribute { key, value: value.into(), is_disputed: false, claims: Vec::new() };
    plant.asset("PLC-1").attributes =
        vec![claim(model::FactKey::OrderNumber, "6ES7 214-1AG40-0XB0"), claim(model::FactKey::Firmware, "V4.2.1")];
    let judgement = plant.judgement();
    let mut declared =
        read("name,ip,order number,firmware\nPLC-1,10.0.1.11,6ES7214-1AG40-0XB0,V4.1\nPLC-2,10.0.1.12,,\npc-7,,,\n");
    declared
        .read("fw", "ip access-list extended X\n deny tcp any host 10.0.1.11 eq 502\n permit ip any any\n")
        .unwrap();
    let differences = compare(&declared, &judgement);
    expect![[r#"
        source (csv)
        fw (cisco)
        machines declared: 3 · rules: 2 · switch ports: 0 · lines not understood: 0

          high      PLC-9 (PLC) was seen and is declared nowhere
          high      PC-7 reaches modbus of PLC-1 (port 502) though the configuration forbids it: there is another way, or it is not in force [fw:2]
          medium    PLC-1: firmware is declared as V4.1 and was seen as V4.2.1 [source:2]
          low       PLC-2 is declared and was not seen [source:3]

        4 differences
    "#]].assert_eq(&say(&declared, &differences, Language::En));
    assert_eq!(to_csv(&differences).lines().count(), differences.len() + 1);
    assert!(same_version_is_forgiving());
}

fn same_version_is_forgiving() -> bool {
    let mut plant = risk::testing::Plant::new();
    plant.machine("PLC-1", "10.0.1.11", "plc", "1");
    plant.asset("PLC-1").attributes = vec![model::Attribute {
        key: model::FactKey::Firmware,
        value: "V4.2.1".into(),
        is_disputed: false,
        claims: Vec::new(),
    }];
    compare(&read("name,firmware\nPLC-1,4.2\n"), &plant.judgement()).is_empty()
}

use model::Language;
