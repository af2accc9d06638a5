"""Words of programs that are run where the data are: sent, assented to, run, and what is known of each run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "program-file.title": ("Send the file from this computer", "从本机上传文件"),
    "program-file.most": ("at most {most}", "至多 {most}"),
    "program-file.kept": (
        "It is known by its digest, and kept here for {days} days at the most; {most} such files are.",
        "文件以其摘要识别,至多在此保存 {days} 天;共保存 {most} 个此类文件。",
    ),
    "program-file.none": ("This console takes no files. The command does:", "此控制台不接收文件,请使用命令:"),
    "program-file.choose": ("choose a file that was sent", "选择已上传的文件"),
    "program-file.name": ("File", "文件"),
    "program-file.digest": ("Digest of the program or file (SHA-256)", "程序或文件摘要(SHA-256)"),
    "assents.title": ("Assents to programs", "程序审查同意书"),
    "assents.about": (
        "Programs of buyers that you have let be run once over all rows, and told exactly.",
        "本方经审查同意整体运行一次、结果如实输出的需求方程序。",
    ),
    "assents.give": ("Assent to a program", "同意一个程序"),
    "assents.empty": (
        "What you assent to as the reviewer that terms name is here. Nothing was yet; do it with:",
        "作为条款指定的审查方所给出的同意书列在此处。尚无;命令:",
    ),
    "assent.title": ("Assent to a program on {product}", "对 {product} 上程序的审查同意书"),
    "assent.rows": ("Rows that it is given", "输入行"),
    "assent.tells": ("What it tells", "输出"),
    "assent.number": ("{name}, between {least} and {most}", "{name},介于 {least} 与 {most} 之间"),
    "assent.parameters": ("Parameters", "参数"),
    "assent.any": ("whoever asks, but for the reviewer", "任何需求方(审查方除外)"),
    "assent.free": ("whatever its buyer gives it", "由需求方自定"),
    "assent.signature": ("Signature of the reviewer's account", "审查方账户的签名"),
    "assent.download": ("Save it as a file for the buyer", "保存为文件,交给需求方"),
    "assent.next": (
        "The buyer sends it with the program in the form of the agreement, or says it to the command:",
        "需求方在合约页的表单中与程序一并上传,或使用命令:",
    ),
    "answer.exact": (
        "Exactly, without noise, by the assent {assent} of its reviewer.",
        "依审查方的同意书 {assent} 如实输出,不含噪声。",
    ),
    "agreement.run": ("Run a program on these data, which stay where they are", "在这些留存于提供方的数据上运行程序"),
    "agreement.run-application": (
        "Run this application on data that you may have run on",
        "在可运行程序的数据上运行此应用",
    ),
    "agreement.run-engine": ("Have the engine {engine} run on these data", "由计算引擎 {engine} 处理这些数据"),
    "computation.title": ("A question about {title}", "对 {title} 的一次计算"),
    "computation.job": ("Id of the question", "问题编号"),
    "computation.asked": ("Asked", "提出时间"),
    "computation.ended": ("Ended", "结束时间"),
    "computation.billed": ("Counts as", "计费数量"),
    "computation.epsilon": ("How much it told", "披露量"),
    "computation.reader": ("What vouches for the reader", "读取程序的背书"),
    "computation.what": ("What was asked", "所问内容"),
    "computation.blocks": ("Parts of the rows that it was run on", "分块数"),
    "seen.program": (
        "{provider} was sent this program and could read it; its connector keeps the digest alone.",
        "{provider} 收到并可查看该程序,其连接器仅保存摘要。",
    ),
    "seen.assent": (
        "{reviewer} looked at this program and assented to it; {provider} was sent it and could read it, too.",
        "{reviewer} 审查并同意了该程序;{provider} 亦收到并可查看该程序。",
    ),
    "seen.engine": (
        "This is an engine of {provider}, named by the digest that both have signed; nobody else was given it.",
        "这是 {provider} 自有的计算引擎,以双方签署的摘要指定,未交付他人。",
    ),
    "way.statement": ("a statement", "查询语句"),
    "way.program": ("a program, on blocks", "分块运行的程序"),
    "way.assent": ("a program, by its reviewer's assent", "经审查同意的程序"),
    "way.engine": ("an engine of the provider", "提供方的计算引擎"),
    "way.sketch": ("a sketch that is related", "用于关联的草图"),
    "way.lesson": ("a label that is learned", "标签学习"),
    "way.joint": ("a total of several", "联合统计"),
    "way.coverage": ("how much of a list is covered", "名单覆盖率"),
    "way.lookup": ("subjects that are looked up", "匿名查询"),
    "state.good": ("good", "有效"),
}
