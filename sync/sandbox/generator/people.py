"""Invented people and firms: names, documents, addresses, bank accounts; and their names as banks write them."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from sync.sandbox.generator.documents import make_cnpj, make_cpf

_FIRST = (
    "Ana Maria José João Antônio Francisco Carlos Paulo Pedro Lucas Luiz Marcos Gabriel Rafael Daniel Marcelo Bruno Eduardo Felipe Rodrigo "
    "Manoel Mateus André Fernando Fábio Leonardo Gustavo Guilherme Leandro Tiago Anderson Ricardo Márcio Jorge Sebastião Alexandre Roberto "
    "Edson Diego Vitor Sérgio Cláudio Thaís Adriana Juliana Márcia Fernanda Patrícia Aline Sandra Camila Amanda Bruna Jéssica Letícia Júlia "
    "Luciana Vanessa Mariana Gabriela Vera Vitória Larissa Cláudia Beatriz Rita Luana Sônia Renata Eliane Josefa Simone Natália Cristiane "
    "Carla Débora Rosângela Jaqueline Rosa Daniela Aparecida Marlene Terezinha Raimunda Helena Cecília Heloísa Otávio Caetano Íris Zélia"
).split()
_LAST = (
    "Silva Santos Oliveira Souza Rodrigues Ferreira Alves Pereira Lima Gomes Costa Ribeiro Martins Carvalho Almeida Lopes Soares Fernandes "
    "Vieira Barbosa Rocha Dias Nascimento Andrade Moreira Nunes Marques Machado Mendes Freitas Cardoso Ramos Gonçalves Santana Teixeira "
    "Araújo Pinto Cavalcanti Moura Campos Azevedo Monteiro Barros Correia Batista Castro Duarte Brito Farias Melo Nogueira Peixoto Queiroz "
    "Rezende Sales Tavares Toledo Vasconcelos Xavier Zanetti Bittencourt Fontoura Guimarães Leão Magalhães Paixão Sá Assunção Conceição"
).split()
_TRADE = (
    "Café Padaria Mercado Restaurante Pousada Hotel Bar Cantina Livraria Farmácia Oficina Construtora Transportes Agropecuária Confeitaria "
    "Distribuidora Metalúrgica Gráfica Escola Academia Studio Papelaria Floricultura Autopeças Laticínios Vinícola Cervejaria Ateliê"
).split()
_PROPER = (
    "Aurora Primavera Bela Vista Horizonte São Jorge Santa Rita Ipê Araucária Boa Esperança Três Irmãos Pinheiros Cachoeira Alvorada "
    "Planalto Colinas Litoral Mantiqueira Imperial Real União Progresso Estrela Girassol Jatobá Tucano Sabiá"
).split()
_SUFFIX = ("Ltda", "Ltda", "Ltda", "ME", "EIRELI", "S.A.", "& Cia Ltda", "Comércio Ltda", "Serviços Ltda")
_STREETS = (
    "Rua das Acácias|Rua Sete de Setembro|Avenida Brasil|Rua XV de Novembro|Rua Dom Pedro II|Avenida Getúlio Vargas|Rua Tiradentes|"
    "Rua Marechal Deodoro|Travessa do Ipê|Alameda dos Jacarandás|Rua Barão do Rio Branco|Rua Santos Dumont|Avenida Independência"
).split("|")
_DISTRICTS = (
    "Centro",
    "Jardim América",
    "Vila Nova",
    "Água Verde",
    "Boa Vista",
    "Santa Cruz",
    "São José",
    "Batel",
    "Quitandinha",
    "Cidade Alta",
)
BANKS: tuple[tuple[str, str, str], ...] = (
    ("260", "18236120", "NU PAGAMENTOS"),
    ("341", "60701190", "ITAU UNIBANCO"),
    ("237", "60746948", "BANCO BRADESCO"),
    ("001", "00000000", "BANCO DO BRASIL"),
    ("104", "00360305", "CAIXA ECONOMICA"),
    ("033", "90400888", "BANCO SANTANDER"),
    ("077", "00416968", "BANCO INTER"),
    ("336", "31872495", "BANCO C6"),
    ("323", "10573521", "MERCADO PAGO"),
    ("748", "01181521", "SICREDI"),
)
_BANK_WEIGHTS = (30, 15, 12, 10, 14, 7, 6, 5, 4, 2)
_FOLD = str.maketrans("ÁÀÂÃÄÉÊËÍÎÏÓÔÕÖÚÛÜÇÑ", "AAAAAEEEIIIOOOOUUUCN")


@dataclass(slots=True)
class Person:
    """Somebody who pays or is paid. `document` has no punctuation; `since` is when the company met them."""

    id: int
    name: str
    document: str
    bank: int
    account: str
    since: date
    phone: str
    street: str

    @property
    def is_firm(self) -> bool:
        """Return whether this is a legal person."""
        return len(self.document) == 14


def as_bank_writes(name: str, width: int = 60) -> str:
    """Return the name as statements carry it: upper case, accents dropped, cut to the width."""
    return name.upper().translate(_FOLD)[:width].rstrip()


def person_name(rng: Random) -> str:
    """Return a first name and one or two family names."""
    name = f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"
    chance = rng.random()
    if chance < 0.55:
        name += f" {rng.choice(('da ', 'de ', 'dos ', '', '', ''))}{rng.choice(_LAST)}"
    return name


def firm_name(rng: Random) -> str:
    """Return the name of a small firm."""
    middle = rng.choice(_PROPER) if rng.random() < 0.7 else rng.choice(_LAST)
    return f"{rng.choice(_TRADE)} {middle} {rng.choice(_SUFFIX)}"


def make_person(rng: Random, person_id: int, *, firm_share: float, since: date) -> Person:
    """Return one person or firm; three firms in a hundred have letters in their CNPJ."""
    firm = rng.random() < firm_share
    return Person(
        id=person_id,
        name=firm_name(rng) if firm else person_name(rng),
        document=make_cnpj(rng, letters=rng.random() < 0.03) if firm else make_cpf(rng),
        bank=rng.choices(range(len(BANKS)), _BANK_WEIGHTS)[0],
        account=f"{rng.randrange(10_000, 9_999_999)}-{rng.randrange(10)}",
        since=since,
        phone=f"9{rng.randrange(8000, 9999)}-{rng.randrange(1000, 9999)}",
        street=f"{rng.choice(_STREETS)}|{rng.randrange(1, 2400)}|{rng.choice(_DISTRICTS)}|{rng.randrange(10_000, 99_999)}-{rng.randrange(100, 999)}",
    )


def make_people(
    rng: Random, count: int, *, first_id: int, firm_share: float, start: date, days: int
) -> list[Person]:
    """Return people ordered by the day they appeared: four in ten were there before the start, the others come evenly.

    The list reaches half as far again beyond `days`, so that people go on appearing while the sandbox lives.
    """
    before = int(count * 0.4)
    offsets = [0] * before + sorted(
        rng.randrange(1, int(days * 1.5)) for _ in range(int((count - before) * 1.5))
    )
    return [
        make_person(rng, first_id + index * 3, firm_share=firm_share, since=start + timedelta(days=offset))
        for index, offset in enumerate(offsets)
    ]
