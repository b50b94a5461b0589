"""Words that fictitious people and companies are named with, the common ones first: they are drawn the more often the earlier they stand."""

from typing import Final

FIRST_NAMES: Final = """Maria José Ana João Antônio Francisco Carlos Paulo Pedro Lucas Luiz Marcos Luís Gabriel Rafael Francisca Daniel Marcelo
Bruno Eduardo Felipe Raimundo Rodrigo Antônia Adriana Juliana Márcia Fernanda Patrícia Aline Sandra Camila Amanda Bruna Jéssica Letícia Júlia
Luciana Vanessa Mariana Gabriela Vera Vitória Larissa Cláudia Beatriz Rita Luana Sônia Renata Eliane Josefa Simone Natália Cristiane Carla
Débora Rosângela Jaqueline Rosa Daniela Aparecida Marlene Terezinha Raimunda Andréia Fabiana Lúcia Raquel Ângela Rafaela Joana Luzia Elaine
Daiane Thiago Mateus André Fernando Fábio Leonardo Gustavo Guilherme Leandro Tiago Anderson Ricardo Márcio Jorge Sebastião Alexandre Roberto
Edson Diego Vítor Sérgio Cláudio Matheus Renato Wagner Otávio Henrique Caio Vinícius Murilo Heitor Davi Breno Ítalo Ubiratan Jacira Iracema
Moacir Zilda Neusa Odete Yara Wanderley Quitéria Genivaldo Severina Dalva Nívea Estêvão Lívia Helena Isadora Cecília Antonella Benício
Teodoro Anísio Eunice Hortência Ivone Jandira Karina Milena Noêmia Olívia Pilar""".split()

SURNAMES: Final = """Silva Santos Oliveira Souza Pereira Ferreira Lima Alves Rodrigues Costa Sousa Gomes Ribeiro Martins Carvalho Almeida Lopes
Soares Fernandes Vieira Barbosa Rocha Dias Nascimento Andrade Moreira Nunes Marques Machado Mendes Freitas Cardoso Ramos Gonçalves Santana
Teixeira Araújo Moura Cavalcante Monteiro Correia Batista Campos Pinto Castro Barros Duarte Medeiros Miranda Farias Azevedo Melo Coelho Reis
Fonseca Cruz Borges Macedo Tavares Guimarães Xavier Nogueira Pires Siqueira Sampaio Queiroz Bezerra Assis Brito Lacerda Peixoto Figueiredo
Magalhães Amaral Viana Antunes Camargo Bittencourt Prado Rezende Vasconcelos Leite Toledo Esteves Valente Paiva Motta Dantas Franco Brandão
Aguiar Meireles Cordeiro Bastos Chaves Falcão Serpa Maciel Padilha Quintana Rangel Salgado Trindade Uchôa Varella Werneck Zanetti Kowalski
Schneider Müller Becker Hoffmann Rossi Bianchi Ferrari Conti Tanaka Yamamoto Nakamura Sato Haddad Nassif Abrahão Kuhn Wagner Zimmermann
Galvão Gadelha Furtado Lustosa Pimentel Bulhões""".split()

TRADES: Final = """Comércio de Alimentos|Serviços Médicos|Transportes|Materiais de Construção|Distribuidora de Bebidas|Clínica Veterinária|
Consultoria Empresarial|Confecções|Auto Peças|Informática|Engenharia|Panificadora|Farmácia|Contabilidade|Móveis Planejados|Gráfica|
Indústria de Plásticos|Agropecuária|Supermercado|Restaurante|Odontologia|Eletrônicos|Publicidade|Logística|Metalúrgica|Papelaria|
Academia|Imobiliária|Representações|Tecnologia da Informação|Pet Shop|Ótica|Laboratório|Hotelaria|Escola de Idiomas|Estética""".replace(
    "\n", ""
).split("|")

FANCY: Final = """Aurora Horizonte Estrela Boa Vista Primavera Atlântica Ipê Araucária Serra Verde Central Moderna União Aliança Progresso Nova Era
Ouro Preto Diamante Cristal Planalto Litoral Cerrado Pantanal Mirante Alvorada Bandeirante Guarani Tupi Jequitibá Sabiá""".split()

LEGAL_FORMS: Final = ("Ltda", "Ltda ME", "ME", "EIRELI", "S.A.", "EPP", "Ltda.", "S/A")

PREFIXES: Final = ("PIX ", "TED ", "REM ", "PIX RECEBIDO ", "TED-", "PIX REC ", "REM: ", "TRANSF ")

PRICE_POINTS: Final = (
    2990, 3990, 4990, 5000, 5990, 7990, 8990, 9900, 9990, 10000, 12000, 14990, 15000, 18000, 19990, 20000, 25000, 29990, 35000, 50000,
)  # fmt: skip

ACQUIRERS: Final = ("CIELO S.A.", "REDECARD REDE", "STONE PAGAMENTOS", "GETNET", "PAGSEGURO INTERNET")
